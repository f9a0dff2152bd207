"""The measurements, in the order in which they are made. Servers live side by side on one core, and are driven one at a
time and in turns, so that a machine that changes its speed changes it for all."""

import os
import signal
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec

from remit.bench import peers, rules, stress
from remit.bench.bare import READY
from remit.bench.clients import Seen, batches, decisions, tokens
from remit.bench.figures import Figures, PeerFigures, median
from remit.bench.house import House, Say, cpu_micros, driven, house, right, serving
from remit.bench.load import Run, Script, body_of
from remit.bench.processes import Cores, Machine, Server, module, running
from remit.bench.sampled import ELSEWHERE, STEPS, Profile
from remit.bench.seed import Made
from remit.bench.world import APPLYING, Requests
from remit.storage.backup import STORE
from remit.terms import Unavailable

BATCH = 20


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much of everything."""

    runs: int = 5
    seconds: float = 4.0
    warm_up: float = 1.0
    open_seconds: float = 30.0
    connections: int = 64
    agents: int = 64
    policies: int = rules.COUNT
    overload: bool = True
    steps: bool = True
    minutes: float = 0.0  # of the soak
    libraries: bool = True  # peers in process
    install: bool = True
    within: float | None = None  # seconds that everything may take; on a slow machine runs get shorter


QUICK = Plan(
    runs=1,
    seconds=2.5,
    warm_up=0.5,
    open_seconds=3.0,
    agents=32,
    overload=False,
    steps=False,
    libraries=False,
    install=False,
    within=42.0,
)
_SHORTEST = 0.4  # of a planned length: less says nothing


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is driven in turns."""

    name: str
    server: Server
    scripts: Callable[[], list[Script]]
    runs: list[Run] = []


def measure(plan: Plan, place: Path, cores: Cores, say: Say) -> Figures:
    """Everything of `plan`. Raises `Unavailable` when a server does not start or answers nonsense."""
    say("making a Remit directory and starting the servers")
    began = time.perf_counter()
    with ExitStack() as stack:
        home = stack.enter_context(house(place, cores, agents=plan.agents, policy_count=plan.policies))
        run, seen = home.decisions(plan.connections, plan.warm_up, 0.3)
        bare = _bare(stack, place, cores, seen.sample)
        durable = _bare(stack, place, cores, seen.sample, str(place / "rows.db"), str(_kept(home.made)))
        ready, absent = _peers(stack, plan, place, cores, say)
        seen, many, used = Seen(), Seen(), [0]
        targets = [
            *_ours(plan, home, seen, many, used),
            _of_bare("bare", plan, home, bare),
            _of_bare("durable", plan, home, durable),
            *ready,
        ]
        plan = fitted(plan, len(targets), time.perf_counter() - began)
        servers = {target.server.process.pid: target.server for target in targets}.values()
        before, used_before = Machine.now(), _used(servers)
        for turn in range(plan.runs):
            for target in targets:
                say(f"run {turn + 1} of {plan.runs}: {target.name}")
                target.runs.append(driven(target.server, cores, target.scripts(), plan.seconds, plan.warm_up))
        by_name = {target.name: target.runs for target in targets}
        for name, what in (("decisions", seen), ("batched", many)):
            for run in by_name[name]:
                right(run, what)
        for run in by_name["profile B"]:
            if set(run.statuses) != {b"200"} or not used[0]:
                raise Unavailable(f"expected call tokens to be used up, got {dict(run.statuses)}")
        figures = _figures(plan, home, by_name, seen, absent, cores)
        figures.fsync_ms = fsync(place)
        _open_loops(plan, home, figures, say)
        busy, stalled = Machine.now().others(before, _used(servers) - used_before)
        figures.others_busy, figures.disk_stalled = round(busy, 2), round(stalled, 3)
    if plan.steps:
        say("the time in each step")
        _steps(plan, home.made, place, cores, figures)
    if plan.libraries:
        _libraries(plan, cores, figures, say)
    return figures


def _used(servers: Iterable[Server]) -> float:
    """Seconds of processor time that the benchmark and its servers have used."""
    return time.process_time() + sum(server.cpu() for server in servers)


def fitted(plan: Plan, targets: int, spent: float) -> Plan:
    """The plan with lengths that fit into the time that is left."""
    if plan.within is None:
        return plan
    wanted = targets * plan.runs * (plan.seconds + plan.warm_up) + plan.open_seconds + plan.warm_up
    share = max(_SHORTEST, min(1.0, (plan.within - spent) / wanted))
    return msgspec.structs.replace(
        plan, seconds=plan.seconds * share, warm_up=plan.warm_up * share, open_seconds=plan.open_seconds * share
    )


def _ours(plan: Plan, home: House, seen: Seen, in_batches: Seen, used: list[int]) -> list[Target]:
    many, few = plan.connections, max(1, plan.connections // 8)
    return [
        Target(
            name="decisions",
            server=home.server,
            scripts=lambda: [decisions(home.requests, seen) for _ in range(many)],
        ),
        Target(
            name="batched",
            server=home.server,
            scripts=lambda: [batches(home.requests, BATCH, in_batches) for _ in range(few)],
        ),
        Target(
            name="profile B",
            server=home.server,
            scripts=lambda: [tokens(home.reads, used) for _ in range(many)],
        ),
    ]


def _bare(stack: ExitStack, place: Path, cores: Cores, sample: bytes, *kept: str) -> Server:
    """The same server with a handler that does nothing, or only keeps rows; it answers what ours answered."""
    file = place / "answer.json"
    file.write_bytes(body_of(sample))
    return stack.enter_context(
        running(module("remit.bench.bare", str(file), *kept), place / "bare.log", cores.server, ready=READY)
    )


def _kept(made: Made) -> int:
    """How many bytes Remit keeps of a decision: its entry, what that holds, and its detail."""
    with closing(sqlite3.connect(f"file:{made.directory / STORE}?mode=ro", uri=True)) as store:
        found = store.execute(
            "SELECT avg(length(entry.body) + coalesce(length(held), 0) + length(detail.body) + length(nonce))"
            " FROM entry JOIN detail USING (place) WHERE entry.kind = 'decision.made'"
        )
        return int(found.fetchone()[0])


def _of_bare(name: str, plan: Plan, home: House, server: Server) -> Target:
    def asked(requests: Requests) -> Script:
        while True:
            yield requests.one()

    return Target(name=name, server=server, scripts=lambda: [asked(home.requests) for _ in range(plan.connections)])


def _peers(
    stack: ExitStack, plan: Plan, place: Path, cores: Cores, say: Say
) -> tuple[list[Target], dict[str, PeerFigures]]:
    """Those that could be started, and those that are absent."""
    ready: list[Target] = []
    absent: dict[str, PeerFigures] = {}
    for peer in peers.PEERS:
        say(f"looking for {peer.name}")
        try:
            why = peers.present(peer, install=plan.install)
            if why is None:
                program = peer.program(peers.cache())
                server = stack.enter_context(peer.start(program, place / peer.name, cores.server))
                peers.check(server.address, peer)
                ready.append(Target(name=peer.name, server=server, scripts=_peer_scripts(plan, peer)))
        except (Unavailable, OSError) as error:
            why = str(error)
        if why is not None:
            absent[peer.name] = PeerFigures(decisions_per_s=None, reason=why)
    return ready, absent


def _peer_scripts(plan: Plan, peer: peers.Peer) -> Callable[[], list[Script]]:
    cases = rules.cases()
    return lambda: [peers.script(peer, cases) for _ in range(plan.connections)]


def _figures(
    plan: Plan, home: House, runs: dict[str, list[Run]], seen: Seen, absent: dict[str, PeerFigures], cores: Cores
) -> Figures:
    ours, bare, durable = runs["decisions"], runs["bare"], runs["durable"]
    memory, peak = home.server.memory()
    rate, limit = median(run.per_second for run in ours), median(run.per_second for run in bare)
    others = {
        peer.name: PeerFigures(decisions_per_s=median(run.answered() for run in runs[peer.name]))
        for peer in peers.PEERS
        if peer.name in runs
    }
    return Figures(
        decisions_per_s=rate,
        bare_per_s=limit,
        batched_per_s=median(run.per_second * BATCH for run in runs["batched"]),
        profile_b_per_s=median(run.answered() - run.per_second for run in runs["profile B"]),  # second answers: uses
        peers=others | absent,
        of_bare=round(rate / limit, 3),
        cpu_us=median(cpu_micros(run) for run in ours),
        bare_cpu_us=median(cpu_micros(run) for run in bare),
        durable_per_s=median(run.per_second for run in durable),
        durable_cpu_us=median(cpu_micros(run) for run in durable),
        path_us=round(statistics.median(seen.path), 1) if seen.path else None,
        memory_mb=round(memory, 1),
        peak_mb=round(peak, 1),
        start_s=round(home.server.started_in, 2),
        generator_busy=round(max(run.busy for run in ours + bare), 2),
        server_busy=round(max((run.after - run.before) / run.seconds for run in ours), 2),
        closed=stress.latency(ours[len(ours) // 2]),
        outcomes={"permit": seen.permit, "deny": seen.deny, "ask": seen.ask},
        steps_us={name: median(micros) for name, micros in seen.steps.items()},
        policies=plan.policies,
        applying=len(APPLYING),
        agents=plan.agents,
        connections=plan.connections,
        runs=plan.runs,
        shared_core=cores.shared,
    )


def _open_loops(plan: Plan, home: House, figures: Figures, say: Say) -> None:
    most = figures.decisions_per_s
    say(f"open loop at {stress.SHARE:.0%}")
    found = stress.steady(home, most, plan.open_seconds, plan.warm_up)
    figures.p50_ms, figures.p99_ms, figures.p999_ms = found.p50_ms, found.p99_ms, found.p999_ms
    if plan.minutes:
        figures.soak = stress.soak(home, plan.minutes, plan.connections, say)
    if plan.overload:
        say("overload")
        figures.overload = stress.overload(home, most, max(5.0, plan.seconds))


def _steps(plan: Plan, made: Made, place: Path, cores: Cores, figures: Figures) -> None:
    """Shares from a run with the profiler in it, of the processor time that was measured without it."""
    file = place / "profile.json"
    with serving(made, place, cores, profile=file) as home:
        figures.restart_s = round(home.server.started_in, 2)
        figures.first_calls_s = round(home.acquaint(plan.connections, 60.0), 2)
        os.kill(home.server.process.pid, signal.SIGUSR1)
        home.decisions(plan.connections, plan.seconds, 0.0)
        os.kill(home.server.process.pid, signal.SIGUSR2)
        ends = time.perf_counter() + 10
        while not file.exists() and time.perf_counter() < ends:
            time.sleep(0.02)  # another process writes it when its signal handler comes to run
    profile = msgspec.json.decode(file.read_bytes(), type=Profile)
    figures.steps_us, figures.functions = shares(profile, figures.cpu_us)


def shares(profile: Profile, cpu_us: float) -> tuple[dict[str, float], dict[str, float]]:
    """Microseconds by step and by other thread, and the share of the loop's thread by function in percent."""
    spent = sum(profile.threads.values())
    samples = sum(profile.steps.values())
    if not spent or not samples:
        return {}, {}
    loop = cpu_us * profile.threads.get("MainThread", 0.0) / spent
    order = list(dict.fromkeys([step for _, step in STEPS] + [ELSEWHERE]))
    steps = {name: round(loop * profile.steps[name] / samples, 1) for name in order if name in profile.steps}
    for name, seconds in sorted(profile.threads.items()):
        if name != "MainThread" and cpu_us * seconds / spent >= 0.05:
            steps[f"thread {name}"] = round(cpu_us * seconds / spent, 1)
    return steps, {name: round(100 * count / samples, 1) for name, count in profile.functions.items()}


def _libraries(plan: Plan, cores: Cores, figures: Figures, say: Say) -> None:
    for name in ("casbin", "agt"):
        say(f"{name}, in process")
        figures.peers[name] = peers.in_process(name, cores.server, plan.seconds, install=plan.install)


def fsync(place: Path) -> float:
    """The median of how long this disk takes to make four kilobytes durable, in milliseconds."""
    took = []
    with (place / "fsync").open("wb") as file:
        for _ in range(30):
            file.write(os.urandom(4096))
            file.flush()
            before = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - before)
    return round(statistics.median(took) * 1000, 3)
