"""The HTTP server: uvicorn with httptools, on the event loop that decides.

One thread reads, decides and answers. A server that parses requests in threads of its own hands every one of them over
twice, and each time somebody waits for the interpreter's lock (docs/adr/0015-one-thread-serves-and-decides.md).

httptools bounds neither how long the head of a request may be nor how long it may take; both are bounded here.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from remit.terms import Unavailable

MAX_FRAME = 256 * 1024  # bytes of a request that are not its body: head, trailers, framing of chunks
HEAD_WITHIN = 30.0  # seconds for a head to be complete: longer than any honest client takes on any line
IDLE = 75.0  # seconds that a connection may wait for its next request: longer than clients' pools keep theirs
BACKLOG = 1024  # connections that wait to be accepted
_POLL = 0.001

new_event_loop = uvloop.new_event_loop


class _Joined:
    """A transport that sends what is written in one turn of the loop, an answer's head and its body, at once: two
    packets would cost two system calls, and wake the client twice."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """One connection, whose client may be hostile."""

    def __init__(self, *args: Any, **members: Any) -> None:
        super().__init__(*args, **members)
        self._frame = 0  # bytes of this request that were no body
        self._heading = True  # its head is not complete
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        joined = _Joined(transport, self.loop)
        super().connection_made(joined)  # type: ignore[arg-type]  # it hands on all that a transport has
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._frame += len(data)
        super().data_received(data)
        if self._frame > MAX_FRAME:
            self._turn_away()
        elif self._heading and self._late is None and not self.transport.is_closing():
            self._wait_for_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._heading = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._heading = False
        self._stop_waiting()

    def on_body(self, body: bytes) -> None:
        self._frame -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._frame = 0

    def _wait_for_head(self) -> None:
        self._late = self.loop.call_later(HEAD_WITHIN, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _turn_away(self) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            head = STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n"  # RFC 6585 section 5
            self.transport.write(head)
        self.transport.close()


class Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def begin(self, listener: socket.socket) -> "asyncio.Task[None]":
        """Accept requests on `listener`, in the task that is returned. Raises `Unavailable` when it cannot."""
        serving = asyncio.create_task(self.serve([listener]))
        while not self.started:  # uvicorn sets it, and tells nobody
            if serving.done():
                raise Unavailable("the HTTP server could not start; its log says why") from serving.exception()
            await asyncio.sleep(_POLL)
        return serving

    def stop(self) -> None:
        """Accept nothing more; `serve` returns when what is under way has been answered."""
        self.should_exit = True


def http_server(app: Any, *, lifespan: bool = False) -> Server:
    """The server of `app`; it listens on the socket that `serve` is given. `lifespan`: whether `app` wants to be told
    when it begins and ends."""
    return Server(
        uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            interface="asgi3",
            lifespan="on" if lifespan else "off",
            log_config=None,
            log_level="error",  # its warnings are about what strangers send
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=int(IDLE),
        )
    )


def bound(host: str, port: int) -> socket.socket:
    """A socket to listen on, nobody else's; port 0 takes a free one. Raises `OSError`."""
    family, _, _, _, where = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
