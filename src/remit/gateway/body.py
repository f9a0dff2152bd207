"""Reading a request's body once, strictly, before the SDK reads it leniently.

Threat: two readers that take the same bytes for different values. The SDK keeps the last of two equal names and rounds
large integers; what Remit judges must have one meaning, so such bodies end here.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from remit.terms import InvalidInput, parse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PARSE_ERROR = -32700  # JSON-RPC 2.0 section 5.1, as the next
INVALID_REQUEST = -32600
MAX_BODY = 4 * 1024 * 1024  # bytes; what the SDK takes, so that a refusal always is a JSON-RPC error of ours


class Unreadable(Exception):
    """A body that is refused, with the HTTP status and JSON-RPC code to refuse it with."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


async def read(receive: Receive) -> bytes | None:
    """The whole body; None when the client left. Raises `Unreadable` beyond `MAX_BODY`."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise Unreadable(413, INVALID_REQUEST, f"expected at most {MAX_BODY} bytes in one request")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def check(body: bytes) -> None:
    """Raise `Unreadable` unless `body` is JSON with one meaning."""
    try:
        parse(body)
    except InvalidInput as error:
        raise Unreadable(400, PARSE_ERROR, f"this request cannot be read in one way only: {error.message}") from None


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the checked body first and then what the client does next."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


async def refuse(
    send: Send, status: int, code: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """Answer with a JSON-RPC error that belongs to no request."""
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
    body = msgspec.json.encode(error)
    lines = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
