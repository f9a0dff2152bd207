"""What judging costs: findings of a call, taking in a result, opening a mission; on recorded traces.

    .venv/bin/python -m benchmarks.intent ../shared/data

Every call is assessed where it stands in its trace, with what was read before it. Prints, as JSON: microseconds of
`assess` a call (p50, p99); milliseconds of `Memory.take_in` per 10 kB, over all results and for texts of 10 kB made of
them; milliseconds of `compile_goal` (p50, p99), and for a goal of 4 kB. Processor time of this thread, each call as it
comes for the first time; `clock_us_p50` is what of each figure is reading this clock.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.unit.intent.making import call_of, mission_with

from remit.catalogue import read_mcp, unknown_tool
from remit.intent import Memory, assess, compile_goal
from remit.replay import data
from remit.terms import (
    BOTTOM,
    DEFAULT_TENANT,
    Bounds,
    Brief,
    ServerId,
    Settings,
    Tool,
)

SERVER = ServerId("bench")


def main() -> None:
    parser = argparse.ArgumentParser(description="What judging costs.")
    parser.add_argument("data", type=Path)
    given = parser.parse_args()
    measured = Measured()
    known: dict[str, dict[str, Tool]] = {}
    for name in data.sets(given.data):
        for trace in data.traces(given.data, name):
            if trace.tools not in known:
                read = read_mcp(DEFAULT_TENANT, SERVER, data.tools(given.data, trace.tools))
                known[trace.tools] = {tool.name: tool for tool in read}
            measured.replay(trace, known[trace.tools])
    print(json.dumps(measured.told(), indent=2))


class Measured:
    def __init__(self) -> None:
        self.calls: list[float] = []
        self.clock: list[float] = []
        self.goals: list[float] = []
        self.taken = 0.0
        self.characters = 0
        self.words: list[str] = []
        self.asked: list[str] = []

    def replay(self, trace: data.Trace, tools: dict[str, Tool]) -> None:
        spent, authority = timed(partial(compile_goal, trace.goal, bounds=Bounds()))
        self.goals.append(spent)
        self.asked.append(trace.goal)
        brief = Brief(goal=trace.goal, authority=authority, salt="x")
        mission = mission_with(authority)
        memory, label = Memory(), BOTTOM
        for number, recorded in enumerate(trace.calls):
            arguments: Any = recorded.arguments
            tool = tools.get(recorded.function) or unknown_tool(DEFAULT_TENANT, SERVER, recorded.function, arguments)
            call = call_of(tool, arguments)
            spent, _ = timed(
                partial(
                    assess,
                    call=call,
                    tool=tool,
                    mission=mission,
                    brief=brief,
                    memory=memory,
                    instance_label=label,
                    settings=_SETTINGS,
                )
            )
            self.calls.append(spent)
            self.clock.append(timed(_nothing)[0])
            spent, came = timed(
                partial(
                    memory.take_in,
                    decision=f"d{number}",
                    tool=tool,
                    arguments=recorded.arguments,
                    content=recorded.result,
                    outside=tool.outside,
                )
            )
            label = label.join(came)
            if recorded.result:
                self.taken += spent
                self.characters += len(recorded.result)
                self.words.append(recorded.result)

    def told(self) -> dict[str, float]:
        whole = "\n".join(self.words)
        pieces = [whole[start : start + 10_000] for start in range(0, len(whole) - 10_000, 10_000)][:100]
        tool = unknown_tool(DEFAULT_TENANT, SERVER, "read", {})
        large = [
            timed(partial(Memory().take_in, decision="d", tool=tool, arguments={}, content=text, outside=True))[0]
            for text in pieces
        ]
        goals = " ".join(self.asked)[:40_000]
        long = [
            timed(partial(compile_goal, goals[start : start + 4000], bounds=Bounds()))[0]
            for start in range(0, 36_000, 4000)
        ]
        return {
            "calls": len(self.calls),
            "assess_us_p50": round(statistics.median(self.calls) * 1e6, 1),
            "assess_us_p99": round(sorted(self.calls)[len(self.calls) * 99 // 100] * 1e6, 1),
            "clock_us_p50": round(statistics.median(self.clock) * 1e6, 1),
            "take_in_ms_per_10kB": round(self.taken / self.characters * 1e7, 2),
            "take_in_10kB_ms_p50": round(statistics.median(large) * 1e3, 2),
            "open_ms_p50": round(statistics.median(self.goals) * 1e3, 2),
            "open_ms_p99": round(sorted(self.goals)[len(self.goals) * 99 // 100] * 1e3, 2),
            "open_4kB_ms_p50": round(statistics.median(long) * 1e3, 2),
        }


def _nothing() -> None: ...


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.thread_time()
    found = work()
    return time.thread_time() - started, found


_SETTINGS = Settings()

if __name__ == "__main__":
    main()
