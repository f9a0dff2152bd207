"""What connections do, as scripts for the load generator, and what they see."""

import itertools
import re

import msgspec

from remit.bench.load import Script, body_of
from remit.bench.world import RESULT, Requests


class Seen(msgspec.Struct, kw_only=True):
    """What the answers said, while and before it was measured."""

    permit: int = 0
    deny: int = 0
    ask: int = 0
    other: int = 0
    sample: bytes = b""  # one whole answer
    path: list[float] = []  # microseconds that the server says the path took, of every 64th answer
    steps: dict[str, list[float]] = {}  # the same by step, as far as it tells them

    def answer(self, data: bytes) -> None:
        at = data.find(b'"outcome":"')
        match data[at + 11 : at + 12] if at >= 0 else b"":
            case b"p":
                self.permit += 1
                if not self.permit & 63 or not self.sample:
                    self._look(data)
            case b"d":
                self.deny += 1
                self.sample = self.sample or data
            case b"a":
                self.ask += 1
            case _:
                self.other += 1
                if self.other == 1:
                    self.sample = self.sample or data

    def _look(self, data: bytes) -> None:
        self.sample = data
        head = data[: data.find(b"\r\n\r\n")]
        for name, millis in _TIMING.findall(head):
            micros = float(millis) * 1000
            if name == b"path":
                self.path.append(micros)
            else:
                self.steps.setdefault(name.decode(), []).append(micros)


_TIMING = re.compile(rb"([\w-]{1,40});dur=([0-9.]{1,20})")  # Server-Timing (W3C)


def decisions(requests: Requests, seen: Seen, times: int | None = None) -> Script:
    """One decision after another; for ever when no number is given."""
    for _ in itertools.repeat(None) if times is None else range(times):
        seen.answer((yield requests.one()))


def batches(requests: Requests, size: int, seen: Seen) -> Script:
    """One batch after another; an item that was not decided is counted as such."""
    while True:
        answer = yield requests.many(size)
        permit, deny, ask = (answer.count(b'"outcome":"%b"' % name) for name in (b"permit", b"deny", b"ask"))
        seen.permit, seen.deny, seen.ask = seen.permit + permit, seen.deny + deny, seen.ask + ask
        if permit + deny + ask != size:
            seen.other += size - permit - deny - ask
            seen.sample = answer


def tokens(requests: Requests, used: list[int]) -> Script:
    """Profile B: a decision with a call token, which is then used up with a proof of possession."""
    while True:
        answer = yield requests.bound()
        token = _between(answer, b'"access_token":"')
        if token:
            answer = yield requests.consume(token)
            used[0] += answer.startswith(b"HTTP/1.1 200")


def calls(requests: Requests, seen: Seen) -> Script:
    """Decisions whose outcomes are attested, as by a real enforcement point."""
    while True:
        answer = yield requests.one()
        seen.answer(answer)
        if b'"decision":true' in answer:
            yield requests.outcome(_between(body_of(answer), b'"id":"'), "done")


def history(requests: Requests, each: int, seen: Seen) -> Script:
    """What instances have read before: `each` calls with results."""
    for _ in range(each):
        answer = yield requests.one()
        seen.answer(answer)
        if b'"decision":true' in answer:
            yield requests.outcome(_between(body_of(answer), b'"id":"'), RESULT)


def _between(answer: bytes, mark: bytes) -> bytes:
    at = answer.find(mark)
    return answer[at + len(mark) : answer.find(b'"', at + len(mark))] if at >= 0 else b""
