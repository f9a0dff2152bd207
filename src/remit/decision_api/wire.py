"""HTTP by hand, for the routes that have to be fast: headers, bodies and answers over plain ASGI.

Everything here is hostile input: headers of any bytes, bodies of any size that stop half-way.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import msgspec

from remit.terms import InvalidInput, RemitError, Unauthenticated

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

MAX_BODY = 2 * 1024 * 1024  # of a decision request: arguments may have 256 KB, a batch several of them
MAX_LARGE_BODY = 16 * 1024 * 1024  # OpenAPI documents and attested results are larger than decision requests
MAX_REQUEST_ID = 256  # characters; every tracing system's identifiers are shorter
RETRY_AFTER = 1  # seconds; a store that comes back does so within a commit or two

JSON = (b"content-type", b"application/json")
NO_STORE = (b"cache-control", b"no-store")
_PRINTABLE = frozenset(range(0x20, 0x7F))


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What was expected and what to do next."""

    code: str  # stable: `remit.invalid_input`
    message: str


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is an error."""

    error: Problem


class TooLarge(RemitError):
    code = "remit.too_large"
    status = 413


class NotAllowed(RemitError):
    code = "remit.method_not_allowed"
    status = 405


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The request headers that matter here."""

    authorization: str | None = None
    content_type: str = ""
    content_length: int | None = None
    request_id: bytes | None = None


def read_head(headers: Headers) -> Head:
    """Read the headers. Raises `InvalidInput` for an `X-Request-ID` that cannot be echoed safely (header injection),
    `Unauthenticated` for two `Authorization` headers, of which a proxy and we might believe different ones."""
    authorization: str | None = None
    content_type = ""
    length: int | None = None
    request_id: bytes | None = None
    for name, value in headers:
        name = name.lower()
        if name == b"authorization":
            if authorization is not None:
                raise Unauthenticated("expected one `Authorization` header")
            authorization = value.decode("latin-1")
        elif name == b"content-type":
            content_type = value.decode("latin-1")
        elif name == b"content-length":
            length = int(value) if value.isdigit() and len(value) < 16 else None
        elif name == b"x-request-id":
            request_id = value
    if request_id is not None and not is_request_id(request_id):
        raise InvalidInput(f"expected `X-Request-ID` to be 1 to {MAX_REQUEST_ID} printable ASCII characters")
    return Head(authorization=authorization, content_type=content_type, content_length=length, request_id=request_id)


def is_request_id(value: bytes) -> bool:
    """Whether a request identifier may be written into an answer and a log."""
    return 0 < len(value) <= MAX_REQUEST_ID and _PRINTABLE.issuperset(value)


def find_request_id(headers: Headers) -> bytes | None:
    """The request identifier, if there is one that can be echoed."""
    return next((value for name, value in headers if name.lower() == b"x-request-id" and is_request_id(value)), None)


def require_json(content_type: str) -> None:
    """Raise `InvalidInput` unless the type is JSON; parameters such as a charset are ignored (RFC 8259 section 11)."""
    if content_type != "application/json" and content_type.partition(";")[0].strip().lower() != "application/json":
        raise InvalidInput("expected `Content-Type: application/json`")


def require_length(length: int | None, most: int) -> None:
    """Raise `TooLarge` when the body will be."""
    if length is not None and length > most:
        raise TooLarge(f"expected a body of at most {most} bytes")


async def read_body(receive: Receive, message: Message, most: int) -> bytes:
    """The whole body, of which `message` is the beginning. Raises `TooLarge` as soon as that is known, `InvalidInput`
    when it ends too early."""
    parts: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            raise TooLarge(f"expected a body of at most {most} bytes")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
    raise InvalidInput("expected a whole body; it ended before it was complete")


def error_headers(error: RemitError) -> list[tuple[bytes, bytes]]:
    """What the standards ask an error of this status to carry."""
    match error.status:
        case 401:  # RFC 9110 section 15.5.2, RFC 6750 section 3
            return [(b"www-authenticate", b'Bearer realm="remit"')]
        case 503:
            return [(b"retry-after", b"%d" % RETRY_AFTER)]
        case _:
            return []


def status_of(error: RemitError) -> int:
    """The HTTP status; a refused configuration or policy is a conflict with what is there."""
    return 409 if error.code == "remit.refused" else error.status


def error_body(code: str, message: str) -> bytes:
    return msgspec.json.encode(ErrorBody(error=Problem(code=code, message=printable(message))))


def printable(text: str) -> str:
    """`text` as JSON can carry it: messages may quote what somebody sent."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


async def respond(
    send: Send, status: int, body: bytes, request_id: bytes | None, *headers: tuple[bytes, bytes]
) -> None:
    """Send one complete answer."""
    # what has no content has no length either (RFC 9110 section 8.6)
    all_headers = [JSON, (b"content-length", b"%d" % len(body)), *headers] if status != 204 else [*headers]
    if request_id is not None:
        all_headers.append((b"x-request-id", request_id))
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})
