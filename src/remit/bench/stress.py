"""Open loops: at a share of the maximum, over minutes with memory watched, and at three times the maximum."""

from remit.bench.clients import Seen, calls
from remit.bench.figures import Latency, Overload, Soak, median
from remit.bench.house import House, Say, right
from remit.bench.load import Run

SHARE = 0.8  # of the maximum
OVERLOAD = 3.0
_CONNECTIONS = 256  # enough for the requests that wait at a time
_MANY = 1024  # more than a server serves at a time
_SLICES = 10


def latency(run: Run) -> Latency:
    p50, p99, p999 = (round(value, 2) for value in run.millis(0.5, 0.99, 0.999))
    return Latency(per_s=round(run.per_second, 1), p50_ms=p50, p99_ms=p99, p999_ms=p999)


def steady(home: House, most: float, seconds: float, warm_up: float) -> Latency:
    """At a share of the maximum `most`."""
    run, seen = home.open_loop(most * SHARE, seconds, connections=_CONNECTIONS, warm_up=warm_up)
    return latency(right(run, seen))


def soak(home: House, minutes: float, connections: int, say: Say) -> Soak:
    """Over minutes, with attested outcomes: a call whose outcome never comes is remembered for good."""
    seen = Seen()
    most = home.closed([calls(home.requests, seen) for _ in range(connections)], 4.0, 1.0).per_second
    parts: list[Latency] = []
    memory: list[float] = []
    for number in range(_SLICES):
        say(f"open loop for {minutes:g} minutes: part {number + 1} of {_SLICES}")
        seconds = minutes * 60 / _SLICES
        run, own = home.open_loop(most * SHARE, seconds, connections=_CONNECTIONS, warm_up=0.0, attested=True)
        seen.permit += own.permit
        parts.append(latency(right(run, seen)))
        memory.append(round(home.server.memory()[0], 1))
    whole = Latency(
        per_s=median(one.per_s for one in parts),
        p50_ms=median(one.p50_ms for one in parts),
        p99_ms=max(one.p99_ms for one in parts),
        p999_ms=max(one.p999_ms for one in parts),
    )
    return Soak(minutes=minutes, latency=whole, memory_mb=memory)


def overload(home: House, most: float, seconds: float) -> Overload:
    """Three times as many as can be decided. What is not decided should be refused with 429 or 503."""
    run, _ = home.open_loop(most * OVERLOAD, seconds, connections=_MANY, warm_up=1.0, patience=0.0)
    refused = run.answered(b"429") + run.answered(b"503")
    failed = run.lost + sum(n for status, n in run.statuses.items() if status not in (b"200", b"429", b"503"))
    return Overload(
        offered_per_s=round(run.arrived / run.seconds, 1),
        decided_per_s=round(run.answered(), 1),
        kept=round(run.answered() / most, 2),
        refused_per_s=round(refused, 1),
        failed=failed,
        unsent_per_s=round(run.unsent / run.seconds, 1),
        p99_ms=round(run.millis(0.99)[0], 1),
    )
