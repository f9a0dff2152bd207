"""The limit: the same server with a handler that only decodes the request's JSON and encodes an answer of our size.

python -m remit.bench.bare ANSWER.json [ROWS.db BYTES]

With a file for rows it answers once a row of that many bytes is durable, in one transaction with those of all that
wait: the limit of whatever keeps a record of each answer in such a database, without looking at the question.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from remit.assembly.http import bound, http_server, new_event_loop

READY = "bare is ready at "


class Rows:
    """A table to which a row of `size` bytes is added for whoever asks."""

    def __init__(self, file: Path, size: int) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        for setting in ("journal_mode=WAL", "synchronous=FULL"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("CREATE TABLE row (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        self._body = os.urandom(size)
        self._waiting: list[asyncio.Future[None]] = []

    async def keep(self) -> None:
        """Returns when it is durable."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._commit)
        kept = loop.create_future()
        self._waiting.append(kept)
        await kept

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT INTO row (body) VALUES (?)", [(self._body,)] * len(waiting))
        self._database.execute("COMMIT")
        for kept in waiting:
            if not kept.done():
                kept.set_result(None)


def handler(answer: Any, keep: Callable[[], Awaitable[None]] | None = None) -> Any:
    """An ASGI application that answers everything with `answer`, after `keep`."""
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        if body:
            decode(body)
        if keep is not None:
            await keep()
        sent = encode(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(sent))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": sent})

    return app


async def _serve(answer: Any, *kept: str) -> None:
    listener = bound("127.0.0.1", 0)
    keep = Rows(Path(kept[0]), int(kept[1])).keep if kept else None
    made = http_server(handler(answer, keep))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, made.stop)
    serving = await made.begin(listener)
    print(f"{READY}http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await serving


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes()), *sys.argv[2:]))
