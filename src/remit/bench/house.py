"""Remit as it is measured: a directory of its own, `remit up` on one core, clients of one enforcement point."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from remit.bench import seed
from remit.bench.clients import Seen, calls, decisions, history
from remit.bench.load import Load, Run, Script
from remit.bench.processes import Cores, Server, module, pinned, running
from remit.bench.world import READS, Requests
from remit.terms import Unavailable

READY = "remit is ready at "
Say = Callable[[str], None]  # how far it is
_REMEMBERING = 512  # instances that get a history: as many as the server keeps in memory, and more would only take time


class House(msgspec.Struct, frozen=True, kw_only=True):
    """A running Remit."""

    server: Server
    requests: Requests
    reads: Requests  # of calls that are always permitted
    made: seed.Made
    cores: Cores

    def closed(self, scripts: list[Script], seconds: float, warm_up: float) -> Run:
        return driven(self.server, self.cores, scripts, seconds, warm_up)

    def decisions(self, connections: int, seconds: float, warm_up: float) -> tuple[Run, Seen]:
        """Profile A in a closed loop."""
        seen = Seen()
        run = self.closed([decisions(self.requests, seen) for _ in range(connections)], seconds, warm_up)
        return right(run, seen), seen

    def acquaint(self, connections: int, seconds: float) -> float:
        """A call of every instance, as far as there is time: the first reads what the server has to know of it.
        Returns how long that took."""
        each = -(-len(self.made.identities) // connections)
        seen = Seen()
        return self.closed([decisions(self.requests, seen, each) for _ in range(connections)], seconds, 0.0).seconds

    def open_loop(
        self,
        rate: float,
        seconds: float,
        *,
        connections: int,
        warm_up: float,
        patience: float = float("inf"),
        attested: bool = False,
    ) -> tuple[Run, Seen]:
        """Profile A as it arrives. `attested`: with the outcome of each permitted call, as in service."""
        seen = Seen()
        does = calls if attested else decisions
        scripts = [does(self.requests, seen) for _ in range(connections)]
        with pinned(self.cores.load):
            run = Load(self.server.address, scripts).open(
                rate, seconds, warm_up=warm_up, patience=patience, spin=not self.cores.shared, probe=self.server.cpu
            )
        return run, seen


def driven(server: Server, cores: Cores, scripts: list[Script], seconds: float, warm_up: float) -> Run:
    """A closed loop from the other core."""
    with pinned(cores.load):
        return Load(server.address, scripts).closed(seconds, warm_up=warm_up, probe=server.cpu)


def cpu_micros(run: Run, per_unit: int = 1) -> float:
    """Processor time of the server per decision, all its threads."""
    return (run.after - run.before) / (run.units * per_unit) * 1e6 if run.units else 0.0


def right(run: Run, seen: Seen) -> Run:
    """A benchmark of errors says nothing. Raises `Unavailable` when answers are not decisions."""
    if set(run.statuses) - {b"200", b"204"} or seen.other or not seen.permit:
        raise Unavailable(f"expected decisions, got {dict(run.statuses)}: {seen.sample[-400:]!r}")
    return run


@contextmanager
def workplace(parent: Path | None) -> Iterator[Path]:
    """A directory on a real file system that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="remit-bench-", dir=parent) as name:
        yield Path(name)


@contextmanager
def house(
    place: Path,
    cores: Cores,
    *,
    agents: int,
    policy_count: int,
    entries: int = 0,
    remembered: int = 4,
) -> Iterator[House]:
    """Make it, start it, let instances read something. `remembered`: results that each instance has taken in."""
    made = seed.make(place / "remit.d", agents=agents, policy_count=policy_count, entries=entries)
    with serving(made, place, cores) as built:
        if remembered:
            _remember(built, made, remembered)
        yield built


@contextmanager
def serving(made: seed.Made, place: Path, cores: Cores, profile: Path | None = None) -> Iterator[House]:
    """`remit up` over a directory that was made; with the profiler in it when there is a file for its figures."""
    command = module("remit.cli") if profile is None else module("remit.bench.sampled", str(profile))
    with running([*command, "up", str(made.directory), "--port", "0"], place / "log", cores.server, ready=READY) as up:
        yield House(
            server=up,
            requests=Requests(made.point_key, made.identities),
            reads=Requests(made.point_key, made.identities, READS),
            made=made,
            cores=cores,
        )


def _remember(built: House, made: seed.Made, results: int) -> None:
    """Instances that have read something: grounding and labels have something to compare with."""
    reading = Requests(made.point_key, made.identities[:_REMEMBERING], READS)
    each = -(-min(len(made.identities), _REMEMBERING) * results // 16)
    seen = Seen()
    scripts = [history(reading, each, seen) for _ in range(16)]
    with pinned(built.cores.load):
        run = Load(built.server.address, scripts).closed(600)
    if set(run.statuses) != {b"200", b"204"}:
        told = f"{dict(run.statuses)}: {seen.sample[-600:]!r}"
        raise Unavailable(f"expected permits and attested outcomes, got {told}")
