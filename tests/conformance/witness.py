"""A C2SP witness for tests, written from tlog-witness and tlog-cosignature and from nothing of `remit.audit`.

Its state is one size and root per origin, changed only together with the cosignature. It runs as ASGI under a real
server: `python -m tests.conformance.witness` is not needed, `serving_witness` starts it in a thread of its own.
"""

import asyncio
import base64
import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from remit.assembly.http import bound, http_server


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """RFC 6962 section 2.1.2, by its recursive definition read backwards."""

    def walk(m: int, n: int, whole: bool) -> tuple[bytes, bytes]:
        """The roots of the first `m` of `n` leaves and of all `n`; takes from the end of the proof."""
        if m == n:
            root = old_root if whole else proof.pop(0)
            return root, root
        k = 1 << ((n - 1).bit_length() - 1)
        if m <= k:
            left_old, left = walk(m, k, whole)
            right = proof.pop(0)
            return left_old, _sha(b"\x01" + left + right)
        right_old, right = walk(m - k, n - k, False)
        left = proof.pop(0)
        return _sha(b"\x01" + left + right_old), _sha(b"\x01" + left + right)

    if old == 0:
        return not proof
    try:
        computed_old, computed_new = walk(old, new, True)
    except IndexError:
        return False
    return not proof and computed_old == old_root and computed_new == new_root


class Witness:
    """Cosigns for the logs whose verifier keys it was given, by origin."""

    def __init__(self, name: str = "witness.test/w1", logs: tuple[str, ...] = ()) -> None:
        self.name = name
        self.private = Ed25519PrivateKey.generate()
        self.logs = {key.split("+")[0]: key for key in logs}
        self.seen: dict[str, tuple[int, bytes]] = {}
        self.asked: list[int] = []  # the statuses that it answered
        self.broken = False
        self.url = ""

    @property
    def _id(self) -> bytes:
        raw = self.private.public_key().public_bytes_raw()
        return _sha(self.name.encode() + b"\n\x04" + raw)[:4]

    @property
    def key(self) -> str:
        encoded = base64.b64encode(b"\x04" + self.private.public_key().public_bytes_raw()).decode()
        return f"{self.name}+{self._id.hex()}+{encoded}"

    def line(self, text: bytes, seconds: int) -> bytes:
        message = b"cosignature/v1\ntime %d\n%s" % (seconds, text)
        blob = self._id + seconds.to_bytes(8, "big") + self.private.sign(message)
        return f"— {self.name} {base64.b64encode(blob).decode()}\n".encode()

    def add_checkpoint(self, body: bytes) -> tuple[int, bytes]:
        head, _, note = body.partition(b"\n\n")
        first, *hashes = head.decode().split("\n")
        old = int(first.removeprefix("old "))
        text, _, signatures = note.partition(b"\n\n")
        text += b"\n"
        origin, number, encoded = text.decode().split("\n")[:3]
        size, root = int(number), base64.b64decode(encoded)
        if origin not in self.logs:
            return 404, b"unknown log\n"
        if not self._signed(origin, text, signatures):
            return 403, b"no signature of a key that is trusted\n"
        if old > size:
            return 400, b"old size beyond the checkpoint\n"
        known, known_root = self.seen.get(origin, (0, b""))
        if old != known:
            return 409, b"%d\n" % known
        if old == size and root != known_root and size:
            return 409, b"%d\n" % known
        proof = [base64.b64decode(line) for line in hashes]
        if len(proof) > 63 or (old != size and not consistent(old, known_root, size, root, proof)):
            return 422, b"the proof does not verify\n"
        self.seen[origin] = (size, root)
        return 200, self.line(text, int(time.time()))

    def _signed(self, origin: str, text: bytes, signatures: bytes) -> bool:
        _, key_id, encoded = self.logs[origin].split("+", 2)
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
        for line in signatures.decode().splitlines():
            name, blob = line.removeprefix("— ").split(" ")
            data = base64.b64decode(blob)
            if name == origin and data[:4].hex() == key_id:
                with contextlib.suppress(InvalidSignature):
                    public.verify(data[4:], text)
                    return True
        return False

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, answer = 404, b"no such path\n"
        if self.broken:
            status, answer = 500, b"broken\n"
        elif scope["method"] == "POST" and scope["path"] == "/sub/add-checkpoint":
            status, answer = self.add_checkpoint(body)
        self.asked.append(status)
        kind = b"text/x.tlog.size" if status == 409 else b"text/plain"
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": answer})


@contextlib.contextmanager
def serving_witness(witness: Witness) -> Iterator[Witness]:
    """The witness behind a real server, in a thread with an event loop of its own."""
    listener = bound("127.0.0.1", 0)
    server = http_server(witness.app)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve([listener])), daemon=True)
    thread.start()
    witness.url = f"http://127.0.0.1:{listener.getsockname()[1]}/sub"
    try:
        yield witness
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(20)
