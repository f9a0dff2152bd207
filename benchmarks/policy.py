"""What policy costs: `PolicySet.evaluate` on realistic facts, compiled and by the reference.

    .venv/bin/python benchmarks/policy.py [--rounds 3000] [--turns 5]

Processor time of this process, each request by itself, so that the median is of requests and not of averages. The
policies are the default pack's and others in its shape, scoped to agents, groups, tools and servers; requests vary in
agent, tool, arguments, findings and mission. `matching` is how many policies' scopes cover a request, on average.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from remit.policy import Facts, PolicySet, default_pack, facts_of, load
from remit.policy.request import principal_of, resource_of
from remit.terms import DEFAULT_TENANT, FindingKind, OperationClass, ServerId, Tool

GROUPS = ("operators", "finance")
CLASSES = (
    (OperationClass.READ,),
    (OperationClass.COMMUNICATE,),
    (OperationClass.TRANSFER,),
    (OperationClass.CREATE, OperationClass.UPDATE),
    (OperationClass.DELETE,),
)
SERVERS, TOOLS_OF_A_SERVER = 5, 5
# Of the pack: what every company needs, so that ten policies in all match a call.
CORE = ("works-for-mission", "agent-may-not-act", "no-active-mission", "evidence-missing", "leaks", "from-outsider")


def tools() -> list[Tool]:
    schema = {
        "type": "object",
        "properties": {
            "recipient": {"type": "string"},
            "amount": {"type": "number"},
            "count": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["recipient"],
    }
    return [
        Tool(
            tenant=DEFAULT_TENANT,
            server=ServerId(f"server{server}"),
            name=f"tool{number}",
            description="",
            input_schema=schema,
            definition_hash=f"{server}.{number}",
            classes=CLASSES[number],
        )
        for server in range(SERVERS)
        for number in range(TOOLS_OF_A_SERVER)
    ]


def pack(only: tuple[str, ...] | None = None) -> str:
    """The default pack, or some of its policies."""
    text = "\n".join(default_pack().values())
    if only is None:
        return text
    pieces = text.split("@id(")[1:]
    return "\n".join("@id(" + piece for piece in pieces if piece.startswith(tuple(f'"{name}"' for name in only)))


def scoped(number: int) -> str:
    """One policy for one server, tool, agent or group, in the shape of the pack."""
    server, tool = f"server{number % SERVERS}", f"tool{number // 4 % TOOLS_OF_A_SERVER}"
    lift = 'unless { context has approval && context.approval.groups.contains("finance") }'
    scope, condition = (
        (
            f'principal, action == Action::"{server}/{tool}", resource',
            f'context.arguments has amount && context.arguments.amount.greaterThan(decimal("{number + 1000}.0"))',
        ),
        (
            f'principal, action in Action::"class:transfer", resource in Server::"{server}"',
            'context.findings.grounding == Grounding::"nowhere"',
        ),
        (
            f'principal == Agent::"agent{number}", action in Action::"tool-call", resource',
            'context.findings.flow == Flow::"tainted" && context.arguments has recipient && '
            '!(context.arguments.recipient like "*@example.com")',
        ),
        (
            f'principal in AgentGroup::"team{number}", action in Action::"tool-call", resource == '
            f'Tool::"{server}/{tool}"',
            'context has mission && !context.mission.purposes.contains("pay")',
        ),
    )[number % 4 if number < 100 else 2 + number % 2]  # the more there are, the more they are about single agents
    return f'@id("scoped-{number}") @reason("a reason") @ask("finance") forbid ({scope}) when {{ {condition} }} {lift};'


def policies(count: int, base: str) -> PolicySet:
    have = base.count("@id(")
    texts = {"base.cedar": base, "scoped.cedar": "\n".join(scoped(number) for number in range(count - have))}
    return load(texts, tools=tools(), groups=GROUPS)


def requests(chosen: PolicySet, count: int, agents: int, chance: random.Random) -> list[Facts]:
    """Requests as hot state would make them: the same agent, tool and mission are the same record."""
    base = [facts_of(chosen, {"subject": {"id": f"agent{n}", "groups": [f"team{n + 1}", "staff"], "category": "office"},
                              "resource": {"id": "x/y"}, "mission": {"ask_above": 5000, "purposes": ["pay", "work"]}})
            for n in range(agents)]  # fmt: skip
    known = list(chosen.tools.values())
    made = []
    for number in range(count):
        facts, tool = chance.choice(base), chance.choice(known)
        arguments = {"recipient": f"user{number}@example.com", "amount": number + 0.5, "count": number, "tags": ["a"]}
        amount = number + 0.5 if OperationClass.TRANSFER in tool.classes else None
        made.append(
            msgspec.structs.replace(
                facts, tool=tool, action=tool.name, resource_id=tool.id, arguments=arguments, amount=amount,
                findings=_varied(facts, chance), now=1_800_000_000_000 + number,
            )
        )  # fmt: skip
    return made


def _varied(facts: Facts, chance: random.Random) -> Any:
    verdicts = {FindingKind.FIRST_USE: ("known", "first"), FindingKind.GROUNDING: ("goal", "trusted", "none")}
    return tuple(
        msgspec.structs.replace(one, verdict=chance.choice(verdicts[one.kind])) if one.kind in verdicts else one
        for one in facts.findings
    )


def _outsider(facts: Facts) -> Any:
    """The same findings with one for which most of the pack asks a person."""
    return tuple(
        msgspec.structs.replace(one, verdict="outsider") if one.kind is FindingKind.GROUNDING else one
        for one in facts.findings
    )


def _lifted(chosen: PolicySet, facts: Facts) -> object:
    return chosen.lift(facts, chosen.evaluate(facts))


def matching(chosen: PolicySet, made: list[Facts]) -> float:
    world = chosen._world  # what a caller has no need of
    return statistics.mean(
        len(world.slice(principal_of(f, world.declared), world.environment(f), resource_of(f, world.declared)).policies)
        for f in made[:200]
    )


def micros(work: Callable[[Facts], object], made: list[Facts]) -> tuple[float, float]:
    """Median and 99th percentile of the processor time of one request, in microseconds."""
    for facts in made[: len(made) // 3]:
        work(facts)
    taken = []
    for facts in made:
        start = time.thread_time_ns()
        work(facts)
        taken.append(time.thread_time_ns() - start)
    overhead = _clock()
    return (statistics.median(taken) - overhead) / 1000, (statistics.quantiles(taken, n=100)[98] - overhead) / 1000


def _clock() -> float:
    taken = []
    for _ in range(2000):
        start = time.thread_time_ns()
        taken.append(time.thread_time_ns() - start)
    return statistics.median(taken)


def anew(chosen: PolicySet) -> Callable[[Facts], object]:
    """Cedar, asked as if it had not been asked before."""

    def ask(facts: Facts) -> object:
        chosen._reference._answers.clear()
        return chosen.reference(facts)

    return ask


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3000)
    parser.add_argument("--turns", type=int, default=5, help="of which the median counts; the sets take turns")
    options = parser.parse_args()
    core = pack(CORE)
    bases = {"core 10": core, "core 100": core, "pack 100": pack(), "core 1000": core, "core 10000": core}
    sets: dict[str, tuple[PolicySet, list[Facts], float]] = {}
    found: dict[str, list[tuple[float, ...]]] = {}
    for name, base in bases.items():
        start = time.process_time()
        chosen = policies(int(name.split()[1]), base)
        taken = time.process_time() - start
        made = requests(chosen, options.rounds, 20, random.Random(1))  # noqa: S311  # a fixed seed
        sets[name], found[name] = (chosen, made, taken), []
    for _ in range(options.turns):
        for name, (chosen, made, _) in sets.items():
            steered = [msgspec.structs.replace(facts, findings=_outsider(facts)) for facts in made[:600]]
            new, _ = micros(anew(chosen), made[:300])
            for facts in made[:300]:
                chosen.reference(facts)
            kept, _ = micros(chosen.reference, made[:300])
            found[name].append(
                (*micros(chosen.evaluate, made), micros(partial(_lifted, chosen), steered)[0], kept, new)
            )
    print(f"{'policies':>12} {'matching':>9} {'loaded s':>9} {'evaluate p50':>13} {'p99':>7} {'denied, lifted':>15} "
          f"{'Cedar kept':>11} {'anew':>7}  (µs)")  # fmt: skip
    for name, (chosen, made, taken) in sets.items():
        middle, high, lifted, kept, new = (statistics.median(column) for column in zip(*found[name], strict=True))
        print(f"{name:>12} {matching(chosen, made):9.1f} {taken:9.2f} {middle:13.1f} {high:7.1f} {lifted:15.1f} "
              f"{kept:11.1f} {new:7.1f}")  # fmt: skip
    ratio = statistics.median(
        many[0] / few[0] for many, few in zip(found["core 10000"], found["core 100"], strict=True)
    )
    print(f"10,000 policies cost {ratio:.2f} of 100")


if __name__ == "__main__":
    main()
