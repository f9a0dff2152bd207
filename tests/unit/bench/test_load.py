"""The load generator counts what it says it counts: proven against small servers of the tests' own."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from remit.bench.load import Address, FollowUp, Load, Script, body_of, whole

ASK = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n"
MORE = FollowUp(b"GET /more HTTP/1.1\r\nhost: test\r\n\r\n")
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@contextmanager
def serving(answer: Callable[[bytes], bytes | None]) -> Iterator[Address]:
    """Answers each request with `answer(request)`; None closes the connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with connection:
            waiting = b""
            while data := connection.recv(65536):
                waiting += data
                while b"\r\n\r\n" in waiting:
                    request, _, waiting = waiting.partition(b"\r\n\r\n")
                    answered = answer(request)
                    if answered is None:
                        return
                    connection.sendall(answered)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def asks(times: int, answers: list[bytes] | None = None) -> Script:
    for _ in range(times):
        answer = yield ASK
        if answers is not None:
            answers.append(answer)


def test_every_answer_is_counted_once_and_handed_to_its_script() -> None:
    answers: list[bytes] = []
    with serving(lambda _: OK) as address:
        run = Load(address, [asks(25, answers) for _ in range(4)]).closed(30)
    assert run.units == len(answers) == len(run.latencies) == 100
    assert run.statuses == {b"200": 100}
    assert set(map(body_of, answers)) == {b"ok"}
    assert run.busy > 0
    assert run.seconds < 30, "it ends when every script has ended"


def test_a_connection_has_one_request_at_a_time() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def answer(_: bytes) -> bytes:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        with lock:
            now -= 1
        return OK

    with serving(answer) as address:
        Load(address, [asks(50)]).closed(30)
    assert most == 1


def test_a_follow_up_belongs_to_the_unit_before_it() -> None:
    paths: list[bytes] = []

    def answer(request: bytes) -> bytes:
        paths.append(request.split()[1])
        return OK

    def script() -> Script:
        for _ in range(3):
            yield ASK
            yield MORE

    with serving(answer) as address:
        run = Load(address, [script()]).closed(30)
    assert paths == [b"/", b"/more"] * 3
    assert (run.units, run.statuses[b"200"], len(run.latencies)) == (3, 6, 3)


def test_only_the_window_after_the_warm_up_counts() -> None:
    total = 0

    def forever() -> Script:
        nonlocal total
        while True:
            yield ASK
            total += 1

    with serving(lambda _: OK) as address:
        probes = iter(range(10))
        run = Load(address, [forever()]).closed(0.2, warm_up=0.2, probe=lambda: next(probes))
    assert 0 < run.units < total
    assert (run.before, run.after) == (0, 1)
    assert run.seconds > 0.1


def test_in_the_open_loop_a_stall_is_felt_by_all_that_were_due_meanwhile() -> None:
    """Coordinated omission: a generator that waits for the stalled answer would see one slow request."""
    asked, gate = 0, threading.Event()

    def answer(_: bytes) -> bytes:
        nonlocal asked
        asked += 1
        if asked == 20:
            threading.Timer(0.3, gate.set).start()
            gate.wait(10)
        return OK

    def forever() -> Script:
        while True:
            yield ASK

    with serving(answer) as address:
        run = Load(address, [forever()]).open(200, 1.0)
    slow = sum(latency > 100e6 for latency in run.latencies)
    assert slow >= 20, "about 200 a second were due in the 0.3 seconds, and each waited for the stalled one"
    assert len(run.latencies) > slow


def test_arrivals_for_which_no_connection_is_free_are_given_up_and_counted() -> None:
    gate = threading.Event()

    def answer(_: bytes) -> bytes:
        gate.wait(10)
        return OK

    def forever() -> Script:
        while True:
            yield ASK

    with serving(answer) as address:
        probes = iter((lambda: None, gate.set))  # nothing is answered before the window has ended
        run = Load(address, [forever(), forever()]).open(500, 0.5, patience=0.0, probe=lambda: next(probes)())
    assert run.unsent == run.arrived - 2 > 50
    assert run.lost == 0, "what was sent was answered in the end"


def test_a_connection_that_the_server_closes_is_counted_and_replaced() -> None:
    asked = 0

    def answer(_: bytes) -> bytes | None:
        nonlocal asked
        asked += 1
        return None if asked == 3 else OK

    with serving(answer) as address:
        run = Load(address, [asks(10)]).closed(30)
    assert run.statuses == {b"200": 9, b"---": 1}
    assert run.units == 10


def test_percentiles_are_of_the_latencies_in_milliseconds() -> None:
    with serving(lambda _: OK) as address:
        run = Load(address, [asks(1)]).closed(30)
    run.latencies[:] = run.latencies[:0]
    assert run.millis(0.5) == [0.0]
    run.latencies.extend(number * 1_000_000 for number in range(100, 0, -1))
    assert run.millis(0.0, 0.5, 0.99, 1.0) == [1.0, 51.0, 100.0, 100.0]


@pytest.mark.parametrize(
    ("data", "complete"),
    [
        (OK, True),
        (OK[:-1], False),
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length:  3\r\n\r\nabc", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", True),
    ],
)
def test_an_answer_is_whole_when_its_body_is(data: bytes, complete: bool) -> None:
    assert whole(data) is complete


def test_an_answer_that_comes_in_pieces_is_one_answer() -> None:
    long = b"HTTP/1.1 200 OK\r\ncontent-length: 600000\r\n\r\n" + b"x" * 600_000
    answers: list[bytes] = []
    with serving(lambda _: long) as address:
        Load(address, [asks(3, answers)]).closed(30)
    assert [len(body_of(answer)) for answer in answers] == [600_000] * 3


def test_what_is_never_answered_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remit.bench.load._DRAIN", 0.05)
    with serving(lambda _: b"") as address:
        run = Load(address, [asks(1), asks(1)]).closed(0.05)
    assert (run.units, run.lost) == (0, 2)
