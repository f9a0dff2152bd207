"""`remit`, with one defence or the clock taken away: `python mutant.py MUTATION up DIRECTORY …`.

Each mutation proves that a test here can fail. They live in the server process alone; the product has no such switch.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec


def synchronous_off() -> None:
    """SQLite hands its writes to the kernel and never waits for the disk."""
    from remit.storage import database

    made = database._engine

    def engine(url: str, busy_ms: int, pragmas: tuple[str, ...]) -> Any:
        return made(url, busy_ms, tuple("synchronous=OFF" if "synchronous" in one else one for one in pragmas))

    database._engine = engine


def slow_disk() -> None:
    """No defence is gone: every commit is waited for aside, as on a slow disk; and SQLite's log is copied into the
    database, and begun anew, all the time, not every 4 MB."""
    from remit.storage import checkpoint, writer

    writer.PROMPT = 1e-9
    checkpoint.EVERY = 64 * 1024
    checkpoint.LARGE = 16


def prompt_disk() -> None:
    """No defence is gone: every commit is waited for in place, however long it takes to watch it."""
    from remit.storage import writer

    writer.PROMPT = float("inf")


def release_before_commit() -> None:
    """The answer does not wait for the transaction."""
    from remit.storage import Store

    async def commit(self: Any, write: Any) -> int:
        from remit.storage.writer import Job

        loop = self._loop = asyncio.get_running_loop()
        self._submit(Job(loop.create_future(), loop, write=write))
        return 0

    Store.commit = commit  # type: ignore[method-assign]


def approval_not_consumed() -> None:
    """A used approval stays approved."""
    from remit.approvals import Desk
    from remit.terms import ApprovalState

    consume: Callable[..., Any] = Desk.consume

    def kept(*arguments: Any, **named: Any) -> Any:
        used = consume(*arguments, **named)
        return used if isinstance(used, str) else msgspec.structs.replace(used, state=ApprovalState.APPROVED)

    Desk.consume = kept  # type: ignore[method-assign]


def clock() -> None:
    """The machine's clock is off by the milliseconds that a file holds."""
    offset = Path(os.environ["REMIT_FAULT_CLOCK"])
    true_ns = time.time_ns

    def time_ns() -> int:
        return true_ns() + int(offset.read_text() or "0") * 1_000_000

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


MUTATIONS: dict[str, Callable[[], None]] = {
    "synchronous-off": synchronous_off,
    "slow-disk": slow_disk,
    "prompt-disk": prompt_disk,
    "release-before-commit": release_before_commit,
    "approval-not-consumed": approval_not_consumed,
    "clock": clock,
}

if __name__ == "__main__":
    MUTATIONS[sys.argv[1]]()
    from remit.cli import main

    sys.argv = ["remit", *sys.argv[2:]]
    main()
