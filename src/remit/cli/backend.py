"""How a command reaches Remit: one HTTP call, to the server that holds the directory or to the same application here.

A directory has one owner. If a server holds it, commands go to it with an operator's key, and it decides who may do
what. If nobody does, the command takes the lock, assembles the application in this process and calls it as the machine's
operator: whoever may write the directory could change it by hand anyway. Either way it is the same routes, the same
checks and the same entries.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from remit.cli.errors import from_answer
from remit.terms import InvalidInput, Unauthenticated, Unavailable

TIMEOUT = 30.0  # seconds; a commit waits for the disk, nothing of ours takes longer
Query = Mapping[str, str | int]

WITHOUT_KEY = (
    "pass an operator's key with `--key` or REMIT_KEY (`remit init` showed the first one; if it is lost, stop the server "
    "and run `remit keys add operator admin`)"
)


class Backend(Protocol):
    """Calls a route; returns the JSON answer, None for an empty one. Raises `RemitError`."""

    def call(self, method: str, path: str, *, query: Query | None = None, body: Any = None) -> Any: ...


@contextlib.contextmanager
def connect(directory: Path, url: str | None, key: str | None) -> Iterator[Backend]:
    """The backend for `url`, else for whoever holds `directory`."""
    from remit.storage import holder  # imports here and below: `remit --help` stays fast

    if url is not None:
        with _client(url, key, foreign=True) as remote:
            yield remote
        return
    held = holder(directory)
    if held is None:
        with _local(directory) as local:
            yield local
    elif held.address:
        with _client(held.address, key, foreign=False) as server:
            yield server
    else:
        raise Unavailable(f"{directory} is held by {held}, which does not listen (yet): try again when it is done")


class _Client:
    """A Remit over HTTP."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._address = address

    def call(self, method: str, path: str, *, query: Query | None = None, body: Any = None) -> Any:
        import httpx

        try:
            answer = self._client.request(method, path, params=query, **_content(body))
        except httpx.TimeoutException:
            raise Unavailable(f"{self._address} did not answer within {TIMEOUT:.0f} seconds; see its log") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"{self._address} cannot be reached: {error}; is the server running?") from None
        return _result(answer)


@contextlib.contextmanager
def _client(address: str, key: str | None, *, foreign: bool) -> Iterator[_Client]:
    import httpx

    if key is None:
        raise Unauthenticated(f"a server at {address} answers for this: {WITHOUT_KEY}")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidInput("expected the key as `remit_<id>_<secret>`, copied whole")
    if not address.startswith(("http://", "https://")):
        raise InvalidInput("expected the address as `http://host:port` or `https://host`")
    # A proxy of the environment must not see the key on its way to this machine's own server.
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=address, headers=headers, timeout=TIMEOUT, trust_env=foreign) as client:
        yield _Client(client, address)


class _Local:
    """The application in this process."""

    def __init__(self, runner: asyncio.Runner, client: Any) -> None:
        self._runner = runner
        self._client = client

    def call(self, method: str, path: str, *, query: Query | None = None, body: Any = None) -> Any:
        return _result(self._runner.run(self._client.request(method, path, params=query, **_content(body))))


@contextlib.contextmanager
def _local(directory: Path) -> Iterator[_Local]:
    import httpx

    from remit.assembly import open_remit

    with asyncio.Runner() as runner:
        opened = open_remit(directory)
        remit = runner.run(opened.__aenter__())
        try:
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(remit.app),
                base_url="http://remit.local",
                headers={"authorization": f"Bearer {remit.local_key}"},
                timeout=None,
            )
            yield _Local(runner, client)
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _content(body: Any) -> dict[str, Any]:
    """ASCII JSON: a lone surrogate of the command line is escaped, and for the server to refuse."""
    if body is None:
        return {}
    return {"content": json.dumps(body, ensure_ascii=True), "headers": {"content-type": "application/json"}}


def _result(answer: Any) -> Any:
    try:
        body = answer.json() if answer.content else None
    except ValueError:
        body = None
    if not answer.is_success:
        raise from_answer(answer.status_code, body)
    return body
