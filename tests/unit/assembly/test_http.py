"""The server in front of everything, over real sockets and with clients that mean it no good."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

import remit.assembly.http as http

HEAD = b"POST /echo HTTP/1.1\r\nhost: remit\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    answer = b"%d" % size
    headers = [(b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[int]:
    listener = http.bound("127.0.0.1", 0)
    server = http.http_server(echo)
    serving = await server.begin(listener)
    try:
        yield listener.getsockname()[1]
    finally:
        server.stop()
        await asyncio.wait_for(serving, 10)


async def said(port: int, *parts: bytes) -> bytes:
    """Everything that the server answers until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
    got = b""
    with contextlib.suppress(ConnectionError):
        got = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return got


def run(story: Any) -> Any:
    with asyncio.Runner(loop_factory=http.new_event_loop) as runner:
        return runner.run(story)


def test_a_body_that_is_larger_than_a_head_may_be_is_read_whole() -> None:
    async def story() -> None:
        async with served() as port:
            body = b"x" * (http.MAX_FRAME * 3)
            head = HEAD + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            assert (await said(port, head, body)).endswith(b"\r\n\r\n%d" % len(body))

    run(story())


@pytest.mark.parametrize(
    "parts",
    [
        (HEAD, *(b"x-%d: %s\r\n" % (number, b"a" * 1000) for number in range(600))),
        (HEAD, b"x-long: ", *(b"a" * 10_000 for _ in range(60))),
        (b"POST /" + b"a" * 600_000,),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\n", *(b"x-%d: aaaaaaaaaaaa\r\n" % n for n in range(30_000))),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n", *(b"1;" + b"e" * 1000 + b"\r\nx\r\n" for _ in range(600))),
    ],
    ids=["many headers", "one long header", "a long target", "trailers", "extensions of chunks"],
)
def test_what_is_no_body_is_bounded(parts: tuple[bytes, ...]) -> None:
    async def story() -> bytes:
        async with served() as port:
            return await said(port, *parts)

    assert b" 200 " not in run(story())


def test_many_requests_on_one_connection_are_each_bounded_by_themselves() -> None:
    async def story() -> None:
        async with served() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            long = b"x-long: " + b"a" * 60_000 + b"\r\n"
            for _ in range(12):
                writer.write(HEAD + long + b"content-length: 3\r\n\r\nabc")
                answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
                assert answer.startswith(b"HTTP/1.1 200 ")
                assert await reader.readexactly(1) == b"3"
            writer.close()

    run(story())


@pytest.mark.parametrize("begun", [b"", b"POST /echo HTTP/1.1\r\nhost"], ids=["nothing", "half a head"])
def test_a_head_that_takes_too_long_ends_the_connection(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(http, "HEAD_WITHIN", 0.05)

    async def story() -> None:
        async with served() as port:
            assert await said(port, begun) == b""
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD + b"content-length: 0\r\n\r\n" + begun)  # the next one takes too long
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n0"), 10)
            assert answer.startswith(b"HTTP/1.1 200 ")
            if begun:
                assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()

    run(story())


def test_a_slow_body_is_no_slow_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HEAD_WITHIN", 0.05)

    async def story() -> None:
        async with served() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD + b"content-length: 4\r\n\r\nab")
            await asyncio.sleep(0.2)
            writer.write(b"cd")
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n4"), 10)
            assert answer.startswith(b"HTTP/1.1 200 ")
            writer.close()

    run(story())


def test_two_servers_do_not_share_a_port() -> None:
    with contextlib.closing(http.bound("127.0.0.1", 0)) as first:
        first.listen()
        with pytest.raises(OSError, match="in use"):
            http.bound("127.0.0.1", first.getsockname()[1])
