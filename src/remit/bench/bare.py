"""The limit: the same server with a handler that only decodes the request's JSON and encodes an answer of our size.

python -m remit.bench.bare ANSWER.json
"""

import asyncio
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

READY = "bare is ready at "


def handler(answer: Any) -> Any:
    """An ASGI application that answers everything with `answer`."""
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
        sent = encode(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(sent))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": sent})

    return app


def server(app: Any, port: int) -> Server:
    """With the options of `remit up`; a test compares them."""
    return Server(
        app,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        log_dictconfig={"handlers": {}, "loggers": {"_granian": {"propagate": True}}},
        log_level=LogLevels.error,
    )


async def _serve(answer: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    made = server(handler(answer), port)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, made.stop)
    serving = asyncio.create_task(made.serve())
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)  # Granian does not say when it listens
            continue
        writer.close()
        print(f"{READY}http://127.0.0.1:{port}", flush=True)
        break
    await serving


if __name__ == "__main__":
    asyncio.run(_serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes())))
