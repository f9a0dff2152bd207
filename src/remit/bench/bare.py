"""The limit: the same server with a handler that only decodes the request's JSON and encodes an answer of our size.

python -m remit.bench.bare ANSWER.json
"""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from remit.assembly.http import bound, http_server, new_event_loop

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


async def _serve(answer: Any) -> None:
    listener = bound("127.0.0.1", 0)
    made = http_server(handler(answer))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, made.stop)
    serving = await made.begin(listener)
    print(f"{READY}http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await serving


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes())))
