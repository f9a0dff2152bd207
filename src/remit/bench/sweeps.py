"""How speed depends on one size while everything else stays: policies, agents, connections, entries.

Each point is a Remit of its own, so that none profits from another's warm caches; connections share one. Instances have
no history here, because a hundred thousand could not have one. Before anything is measured every agent has had a call:
the first costs more, and a run of seconds among a hundred thousand agents would see nothing but first calls.
"""

from contextlib import ExitStack
from pathlib import Path

import msgspec

from remit.bench.figures import median
from remit.bench.house import House, Say, cpu_micros, house
from remit.bench.load import Run
from remit.bench.processes import Cores
from remit.bench.rules import COUNT

SWEEPS = {
    "policies": (10, 100, 1000, 10_000),
    "agents": (10, 100, 1000, 10_000, 100_000),
    "connections": (1, 2, 4, 8, 16, 32, 64, 128, 256),
    "entries": (0, 10_000, 100_000, 1_000_000, 5_000_000),
}
USUAL = 1_000_000  # the largest size that is made without being asked for
_RUNS, _SECONDS, _WARM_UP = 3, 3.0, 1.0
_CONNECTIONS, _AGENTS = 64, 64
_FIRST_CALLS = 300.0  # seconds at most


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One size and what it gives."""

    size: int
    per_s: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    memory_mb: float
    start_s: float  # from the process's start to its first answer


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """A whole row."""

    name: str
    points: tuple[Point, ...]

    @property
    def last_of_first(self) -> float:
        """The rate at the largest size as a share of that at the smallest."""
        return round(self.points[-1].per_s / self.points[0].per_s, 2)


def sweep(name: str, place: Path, cores: Cores, *, upto: int = USUAL, say: Say) -> Swept:
    """Every size of `name` that is at most `upto`."""
    sizes = [size for size in SWEEPS[name] if size <= upto]
    place.mkdir()
    if name == "connections":
        with house(place, cores, agents=_AGENTS, policy_count=COUNT, remembered=0) as home:
            points = [_point(home, size, size, say, name) for size in sizes]
    else:
        points = [_alone(name, size, place, cores, say) for size in sizes]
    return Swept(name=name, points=tuple(points))


def _alone(name: str, size: int, place: Path, cores: Cores, say: Say) -> Point:
    say(f"{name}: making {size:,}")
    own = place / str(size)
    own.mkdir()
    with ExitStack() as stack:
        home = stack.enter_context(
            house(
                own,
                cores,
                agents=size if name == "agents" else _AGENTS,
                policy_count=size if name == "policies" else COUNT,
                entries=size if name == "entries" else 0,
                remembered=0,
            )
        )
        say(f"{name}: {size:,}, first calls")
        home.acquaint(_CONNECTIONS, _FIRST_CALLS)
        return _point(home, size, _CONNECTIONS, say, name)


def _point(home: House, size: int, connections: int, say: Say, name: str) -> Point:
    runs: list[Run] = []
    for number in range(_RUNS):
        say(f"{name}: {size:,}, run {number + 1} of {_RUNS}")
        runs.append(home.decisions(connections, _SECONDS, _WARM_UP)[0])
    middle = sorted(runs, key=lambda run: run.per_second)[len(runs) // 2]
    p50, p99 = middle.millis(0.5, 0.99)
    return Point(
        size=size,
        per_s=median(run.per_second for run in runs),
        cpu_us=median(cpu_micros(run) for run in runs),
        p50_ms=round(p50, 2),
        p99_ms=round(p99, 2),
        memory_mb=round(home.server.memory()[0], 1),
        start_s=round(home.server.started_in, 2),
    )
