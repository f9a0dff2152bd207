"""What one run of the benchmark measured, as values; `--json` writes this object.

Rates are per second and medians over the runs; latencies are of the open loop at 80 % of the maximum, from when a
request was due. What was not measured is null.
"""

import statistics
from collections.abc import Iterable

import msgspec


class PeerFigures(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Of a peer; `decisions_per_s` is null when it is absent, and `reason` says why."""

    decisions_per_s: float | None
    p50_us: float | None = None
    reason: str | None = None


class Latency(msgspec.Struct, kw_only=True):
    """Of one run, in milliseconds."""

    per_s: float
    p50_ms: float
    p99_ms: float
    p999_ms: float


class Overload(msgspec.Struct, kw_only=True):
    """At three times the maximum. `refused`: answered with 429 or 503; `failed`: with anything else, or not at all."""

    offered_per_s: float
    decided_per_s: float
    kept: float  # share of the maximum
    refused_per_s: float
    failed: int
    unsent_per_s: float  # no connection was free
    p99_ms: float


class Soak(msgspec.Struct, kw_only=True):
    """Open loop over minutes with attested outcomes; memory in MB after each slice of equal length."""

    minutes: float
    latency: Latency
    memory_mb: list[float]


class Figures(msgspec.Struct, kw_only=True):
    """The whole result."""

    decisions_per_s: float
    bare_per_s: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    p999_ms: float | None = None
    batched_per_s: float | None = None
    profile_b_per_s: float | None = None
    peers: dict[str, PeerFigures] = {}
    of_bare: float = 0.0  # decisions_per_s / bare_per_s
    cpu_us: float = 0.0  # of the server, per decision, all threads
    bare_cpu_us: float = 0.0
    durable_per_s: float | None = None  # the bare handler that answers once a row of as many bytes is durable
    durable_cpu_us: float = 0.0
    path_us: float | None = None  # as the server reports it, without the wait for the commit
    memory_mb: float = 0.0
    peak_mb: float = 0.0
    start_s: float = 0.0  # from the process's start to its first answer
    restart_s: float | None = None  # the same after all that was measured here
    first_calls_s: float | None = None  # then, until every instance has had a call: what they read is read again
    generator_busy: float = 0.0  # share of its core, at most, while Remit was driven
    server_busy: float = 0.0
    fsync_ms: float = 0.0  # of this disk
    others_busy: float = 0.0  # cores that other processes used meanwhile: on a quiet machine about none
    disk_stalled: float = 0.0  # share of the time in which everything waited for a disk
    closed: Latency | None = None
    outcomes: dict[str, int] = {}
    steps_us: dict[str, float] = {}  # processor time per decision by step of the path
    functions: dict[str, float] = {}  # share of the loop's thread, the most expensive
    overload: Overload | None = None
    soak: Soak | None = None
    policies: int = 0
    applying: int = 0
    agents: int = 0
    connections: int = 0
    runs: int = 0
    shared_core: bool = False  # server and generator on one core: rates are not comparable


def median(values: Iterable[float]) -> float:
    found = list(values)
    return round(statistics.median(found), 1) if found else 0.0
