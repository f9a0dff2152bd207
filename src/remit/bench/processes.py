"""Servers as processes of their own, pinned to a core, and what the kernel says of them (`/proc`)."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from remit.bench.load import Address
from remit.terms import Unavailable

PATIENCE = 120.0  # seconds for a server to answer: a large store, a busy machine
_TICKS = os.sysconf("SC_CLK_TCK")
_POLL = 0.01


class Cores(msgspec.Struct, frozen=True, kw_only=True):
    """Which core the servers get, and which the load generator; the same when there is only one."""

    server: int
    load: int

    @classmethod
    def here(cls) -> "Cores":
        allowed = sorted(os.sched_getaffinity(0))
        return cls(server=allowed[0], load=allowed[-1])

    @property
    def shared(self) -> bool:
        return self.server == self.load


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """This process, and what it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """A running server."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self.process = process
        self.log = log
        self.address: Address = ("127.0.0.1", 0)
        self.started_in = 0.0  # seconds from its start to its first answer

    def cpu(self) -> float:
        """Seconds of processor time so far, all threads."""
        return _ticks(Path(f"/proc/{self.process.pid}/stat"))

    def threads(self) -> dict[str, float]:
        """The same by group: `loop` is the first thread; others of its name are Python's; the rest is native."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        own = (tasks / str(self.process.pid) / "comm").read_text()
        groups = {"loop": 0.0, "python": 0.0, "native": 0.0}
        for task in tasks.iterdir():
            try:
                same = (task / "comm").read_text() == own
                group = "loop" if task.name == str(self.process.pid) else "python" if same else "native"
                groups[group] += _ticks(task / "stat")
            except OSError:  # it ended
                continue
        return groups

    def memory(self) -> tuple[float, float]:
        """Resident now and at most, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        values = {line.partition(":")[0]: line.partition(":")[2] for line in status.splitlines()}
        return int(values["VmRSS"].split()[0]) / 1024, int(values["VmHWM"].split()[0]) / 1024

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def said(self) -> str:
        return self.log.read_text(errors="backslashreplace")[-2000:].strip()


def _ticks(stat: Path) -> float:
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    core: int,
    *,
    ready: str | None = None,
    port: int = 0,
    health: str = "/",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start `command` on `core`. It is ready when it prints a line that begins with `ready` and ends with its URL, or,
    without that, when it answers on `port`."""
    with log.open("ab") as errors, pinned(core):
        began = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if ready is not None else errors,
            stderr=errors,
            text=True,
            env={**os.environ, **(environment or {})},
        )
    server = Server(process, log)
    try:
        server.address = _announced(server, ready) if ready is not None else _healthy(server, port, health)
        server.started_in = time.perf_counter() - began
        yield server
    finally:
        server.stop()


def _announced(server: Server, prefix: str) -> Address:
    assert server.process.stdout is not None
    ready, _, _ = select.select([server.process.stdout], [], [], PATIENCE)
    line = server.process.stdout.readline().strip() if ready else ""
    if not line.startswith(prefix):
        raise Unavailable(f"a server of the benchmark did not start: {line or server.said() or 'it said nothing'}")
    host, _, port = line.rpartition("/")[2].rpartition(":")
    return host, int(port)


def _healthy(server: Server, port: int, path: str) -> Address:
    address = ("127.0.0.1", port)
    ends = time.perf_counter() + PATIENCE
    while server.process.poll() is None and time.perf_counter() < ends:
        if _answers(address, path):
            return address
        time.sleep(_POLL)  # servers that we did not write do not say when they are ready
    raise Unavailable(f"a server of the benchmark did not start: {server.said() or 'it said nothing'}")


def _answers(address: Address, path: str) -> bool:
    try:
        with socket.create_connection(address, timeout=2) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n".encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole machine has done so far, in seconds."""

    time: float
    busy: float  # of all cores
    stalled: float  # in which everything that wanted to go on waited for a disk

    @classmethod
    def now(cls) -> "Machine":
        first = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
        user, nice, system, _, _, irq, soft, stolen = map(int, first[:8])
        pressure = Path("/proc/pressure/io")
        full = pressure.read_text().rpartition("total=")[2] if pressure.exists() else "0"
        busy = (user + nice + system + irq + soft + stolen) / _TICKS
        return cls(time=time.perf_counter(), busy=busy, stalled=int(full) / 1e6)

    def others(self, before: "Machine", ours: float) -> tuple[float, float]:
        """Cores that others used since `before`, when we used `ours` seconds, and the share of time stalled."""
        elapsed = self.time - before.time
        return max(0.0, self.busy - before.busy - ours) / elapsed, (self.stalled - before.stalled) / elapsed


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def module(name: str, *arguments: str) -> list[str]:
    """The command for a module of ours."""
    return [sys.executable, "-m", name, *arguments]
