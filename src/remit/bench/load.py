"""The load generator: one thread, one epoll, prebuilt requests over kept-alive connections, one request at a time each.

It has to cost far less than what it measures, so there is no HTTP library and no event loop in it; `Run.busy` says how
much of its core it used. Every connection is a *script*: a generator that yields requests and is sent whole answers. A
plain `bytes` begins a unit of work; a `FollowUp` belongs to the unit before it and goes out at once.

Closed loop: each connection asks again as soon as it is answered. Open loop: units arrive on their own (Poisson),
however slow the answers are, and their latency counts from when they were due, so that a stall is felt by all that came
during it (no coordinated omission).

Limits: HTTP/1.1 with Content-Length or chunked bodies, no pipelining, no TLS.
"""

import gc
import random
import re
import select
import socket
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Address = tuple[str, int]
Script = Generator[bytes, bytes, None]
Probe = Callable[[], Any]

_LENGTH = re.compile(rb"content-length: *(\d{1,12})", re.IGNORECASE)
_RECEIVE = 256 * 1024
_DRAIN = 10.0  # seconds in which whatever was asked has to be answered after the end
_BROKEN = b"---"  # counted in place of a status when the connection ended without an answer


class FollowUp(bytes):
    """A request that belongs to the unit before it."""


class Run:
    """What was seen in the measured window. Times in nanoseconds where not said otherwise."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.units = 0
        self.statuses: Counter[bytes] = Counter()
        self.latencies = array("q")  # of the first answer of each unit
        self.busy = 0.0  # share of one core that the generator used
        self.arrived = 0  # units that were due (open loop)
        self.unsent = 0  # of those, given up because no connection was free in time
        self.lost = 0  # requests that were still unanswered long after the end
        self.before: Any = None  # what the probe said at the window's beginning and end
        self.after: Any = None

    @property
    def per_second(self) -> float:
        return self.units / self.seconds if self.seconds else 0.0

    def answered(self, status: bytes = b"200") -> float:
        """Answers of this status a second."""
        return self.statuses[status] / self.seconds if self.seconds else 0.0

    def millis(self, *shares: float) -> list[float]:
        """Percentiles of the latency in milliseconds."""
        ordered = sorted(self.latencies)
        return [ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6 if ordered else 0.0 for share in shares]


class _Connection:
    __slots__ = ("due", "pending", "script", "socket", "started", "unit", "waiting")

    def __init__(self, script: Script) -> None:
        self.script = script
        self.pending: bytes | None = next(script, None)  # the next unit's request; None when the script ended
        self.socket: socket.socket | None = None
        self.waiting = b""  # the part of an answer that has come
        self.started = 0
        self.due = 0
        self.unit = True  # whether the answer that is awaited is the first of a unit


class Load:
    """A number of connections to one address. Not reusable: one run each."""

    def __init__(self, address: Address, scripts: Sequence[Script]) -> None:
        self._address = address
        self._poll = select.epoll()
        self._connections: dict[int, _Connection] = {}
        self._idle: deque[_Connection] = deque()
        self._run = Run()
        self._counting = False
        self._flying = 0
        for script in scripts:
            connection = _Connection(script)
            self._connect(connection)
            self._idle.append(connection)

    def closed(self, seconds: float, *, warm_up: float = 0.0, probe: Probe | None = None) -> Run:
        """Ask as fast as answers come, until the time is over or every script has ended."""
        with _quiet(), self._closing():
            self._window(probe, warm_up == 0)
            start = time.perf_counter()
            opens = start + warm_up
            ends = opens + seconds
            while True:
                while self._idle:
                    self._begin(self._idle.popleft(), time.perf_counter_ns())
                if not self._flying:
                    break
                self._receive(0.5)
                now = time.perf_counter()
                if not self._counting and now >= opens:
                    self._window(probe, True)
                if now >= ends:
                    break
            self._end(probe)
            self._drain()
        return self._run

    def open(
        self,
        rate: float,
        seconds: float,
        *,
        warm_up: float = 0.0,
        patience: float = float("inf"),
        spin: bool = True,
        probe: Probe | None = None,
        seed: int = 1,
    ) -> Run:
        """`rate` units a second arrive whatever happens. Those that wait longer than `patience` seconds for a free
        connection are given up. `spin` keeps the core busy for exact arrivals: not on a machine with one core."""
        gap = random.Random(seed).expovariate  # noqa: S311 — arrivals, not secrets
        due: deque[int] = deque()
        limit = int(min(patience, 1e6) * 1e9)
        with _quiet(), self._closing():
            self._window(probe, warm_up == 0)
            start = time.perf_counter_ns()
            opens, ends = start + int(warm_up * 1e9), start + int((warm_up + seconds) * 1e9)
            arrival = float(start)
            while (now := time.perf_counter_ns()) < ends:
                if not self._counting and now >= opens:
                    self._window(probe, True)
                while arrival <= now:
                    due.append(int(arrival))
                    self._run.arrived += 1
                    arrival += gap(rate) * 1e9
                while due and self._idle:
                    self._begin(self._idle.popleft(), due.popleft())
                while due and now - due[0] > limit:
                    due.popleft()
                    self._run.unsent += 1
                self._receive(0.0 if spin else 0.001)
            self._end(probe)
            self._run.unsent += len(due) if limit < 10**15 else 0
            self._drain()
        return self._run

    # One request and its answer.
    def _begin(self, connection: _Connection, due: int) -> None:
        request, connection.pending = connection.pending, None
        if request is not None:
            connection.due = due
            connection.unit = True
            self._send(connection, request)

    def _send(self, connection: _Connection, request: bytes) -> None:
        if connection.socket is None:
            self._connect(connection)
        assert connection.socket is not None
        self._flying += 1
        try:
            sent = connection.socket.send(request)
            if sent != len(request):  # larger than the socket's buffer
                connection.socket.setblocking(True)
                connection.socket.sendall(request[sent:])
                connection.socket.setblocking(False)
        except OSError:
            self._broke(connection)

    def _receive(self, timeout: float) -> None:
        for number, _ in self._poll.poll(timeout):
            connection = self._connections.get(number)
            if connection is None or connection.socket is None:
                continue
            try:
                data = connection.socket.recv(_RECEIVE)
            except OSError:
                data = b""
            if not data:
                self._broke(connection)
                continue
            if connection.waiting:
                data = connection.waiting + data
            if whole(data):
                connection.waiting = b""
                self._answered(connection, data)
            else:
                connection.waiting = data

    def _answered(self, connection: _Connection, data: bytes) -> None:
        self._flying -= 1
        run = self._run
        if self._counting:
            run.statuses[data[9:12]] += 1
            if connection.unit:
                run.latencies.append(time.perf_counter_ns() - connection.due)
        try:
            following = connection.script.send(data)
        except StopIteration:
            run.units += self._counting
            return
        if type(following) is FollowUp:
            connection.unit = False
            self._send(connection, following)
            return
        run.units += self._counting
        connection.pending = following
        self._idle.append(connection)

    def _broke(self, connection: _Connection) -> None:
        """The server closed the connection. What it was asked stays unanswered; the script goes on with a new one."""
        assert connection.socket is not None
        self._connections.pop(connection.socket.fileno(), None)
        connection.socket.close()
        connection.socket = None
        connection.waiting = b""
        if connection.pending is None:  # it owed an answer
            self._answered(connection, b"HTTP/1.1 " + _BROKEN + b"\r\n\r\n")

    def _connect(self, connection: _Connection) -> None:
        connection.socket = socket.create_connection(self._address, timeout=10)
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.socket.setblocking(False)
        self._connections[connection.socket.fileno()] = connection
        self._poll.register(connection.socket, select.EPOLLIN)

    # The window.
    def _window(self, probe: Probe | None, opens: bool) -> None:
        if opens:
            self._counting = True
            self._run.before = probe() if probe is not None else None
            self._began = time.perf_counter()
            self._cpu = time.process_time()
            self._run.arrived = self._run.unsent = 0

    def _end(self, probe: Probe | None) -> None:
        self._run.seconds = time.perf_counter() - self._began
        self._run.busy = (time.process_time() - self._cpu) / self._run.seconds
        self._run.after = probe() if probe is not None else None
        self._counting = False

    def _drain(self) -> None:
        """Let the server finish what it was asked, so that the next run finds it idle."""
        ends = time.perf_counter() + _DRAIN
        while self._flying and time.perf_counter() < ends:
            self._receive(0.1)
        self._run.lost = self._flying

    @contextmanager
    def _closing(self) -> Iterator[None]:
        try:
            yield
        finally:
            for connection in self._connections.values():
                if connection.socket is not None:
                    connection.socket.close()
            self._poll.close()


def whole(data: bytes) -> bool:
    """Whether `data` is a whole answer (RFC 9112 section 6.3, as far as servers of JSON use it)."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return False
    found = _LENGTH.search(data, 0, head)
    if found is not None:
        return len(data) - head - 4 >= int(found[1])
    if data.find(b"hunked", 0, head) >= 0:
        return data.endswith(b"\r\n0\r\n\r\n")
    return True


def body_of(answer: bytes) -> bytes:
    return answer[answer.find(b"\r\n\r\n") + 4 :]


@contextmanager
def _quiet() -> Iterator[None]:
    """No garbage collection while it is measured: nothing here makes cycles."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
