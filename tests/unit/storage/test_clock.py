import time

import pytest

from remit.storage import WallClock


class Entries:
    newest = 0


def test_the_clock_is_the_machines_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= WallClock(Entries()).now() <= time.time_ns() // 1_000_000


def test_the_clock_never_runs_behind_the_last_entry() -> None:
    entries = Entries()
    clock = WallClock(entries)
    entries.newest = clock.now() + 60_000
    assert clock.now() == entries.newest


def test_the_clock_stands_while_the_machines_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = WallClock(Entries())
    first = clock.now()
    monkeypatch.setattr(time, "time_ns", lambda: (first - 5000) * 1_000_000)
    assert clock.now() == first
    monkeypatch.setattr(time, "time_ns", lambda: (first + 1) * 1_000_000)
    assert clock.now() == first + 1
