"""How a command reaches Remit: one HTTP call, to the server that holds the directory or to the same application here.

A directory has one owner. If a server holds it, commands go to it with an operator's key, and it decides who may do
what. If nobody does, the command takes the lock, assembles the application in this process and calls it as the
machine's operator: whoever may write the directory could change it by hand anyway. Either way it is the same routes,
the same checks and the same entries.
"""

import contextlib
import functools
import gc
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from remit.cli.errors import from_answer
from remit.terms import DEFAULT_TENANT, Credential, InvalidInput, Principal, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

TIMEOUT = 30.0  # seconds; a commit waits for the disk, nothing of ours takes longer
Query = Mapping[str, str | int]

WITHOUT_KEY = (
    "pass an operator's key with `--key` or REMIT_KEY (`remit init` showed the first one; if it is lost, stop the "
    "server and run `remit keys add operator admin`)"
)


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A running Remit, as far as this machine knows."""

    address: str
    pid: int = 0  # 0 elsewhere


class Backend(Protocol):
    """Calls a route; returns the JSON answer, None for an empty one. Raises `RemitError`."""

    def call(self, method: str, path: str, *, query: Query | None = None, body: Any = None) -> Any: ...


def server(directory: Path, url: str | None) -> Server | None:
    """The server at `url`, else the one that holds `directory`; None when nobody does."""
    if url is not None:
        return Server(address=url)
    from remit.storage.lock import holder  # imports here and below: `remit --help` stays fast

    held = holder(directory)
    if held is None:
        return None
    if not held.address:
        raise Unavailable(f"{directory} is held by {held}, which does not listen (yet): try again when it is done")
    return Server(address=held.address, pid=held.pid)


@contextlib.contextmanager
def connect(directory: Path, url: str | None, key: str | None) -> Iterator[Backend]:
    """The backend for `url`, else for whoever holds `directory`."""
    found = server(directory, url)
    if found is None:
        with contextlib.ExitStack() as stack:
            with _uncollected():
                local = stack.enter_context(_local(directory))
            yield local
    else:
        with _client(found.address, key, foreign=url is not None) as remote:
            yield remote


def reachable(address: str) -> dict[str, Any]:
    """What a server says of itself to anybody: whether it can decide, and what is wrong."""
    import httpx2

    try:
        answer = httpx2.get(f"{address}/ready", timeout=TIMEOUT, trust_env=False, verify=_verify(address))
        body = answer.json()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise Unavailable(f"{address} cannot be reached: {error}; is the server running?") from None
    problems = body.get("problems") if isinstance(body, dict) else None
    return {"healthy": answer.is_success, "problems": problems if isinstance(problems, list) else []}


class _Client:
    """A Remit over HTTP."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._address = address

    def call(self, method: str, path: str, *, query: Query | None = None, body: Any = None) -> Any:
        import httpx2

        try:
            answer = self._client.request(method, path, params=query, **_content(body))
        except httpx2.TimeoutException:
            raise Unavailable(f"{self._address} did not answer within {TIMEOUT:.0f} seconds; see its log") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unavailable(f"{self._address} cannot be reached: {error}; is the server running?") from None
        return _result(answer)


@contextlib.contextmanager
def _client(address: str, key: str | None, *, foreign: bool) -> Iterator[_Client]:
    import httpx2

    if key is None:
        raise Unauthenticated(f"a server at {address} answers for this: {WITHOUT_KEY}")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidInput("expected the key as `remit_<id>_<secret>`, copied whole")
    if not address.startswith(("http://", "https://")):
        raise InvalidInput("expected the address as `http://host:port` or `https://host`")
    # A proxy of the environment must not see the key on its way to this machine's own server.
    headers = {"authorization": f"Bearer {key}"}
    verify = _verify(address)
    with httpx2.Client(base_url=address, headers=headers, timeout=TIMEOUT, trust_env=foreign, verify=verify) as client:
        yield _Client(client, address)


def _verify(address: str) -> ssl.SSLContext | bool:
    """Whom to believe: the usual authorities. Reading them takes longer than a command, so where there is no TLS it is
    nobody: should a connection become one with TLS after all, it fails."""
    return True if address.startswith("https://") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Local:
    """The application in this process."""

    def __init__(self, portal: "BlockingPortal", client: Any) -> None:
        self._portal = portal
        self._client = client

    def call(self, method: str, path: str, *, query: Query | None = None, body: Any = None) -> Any:
        request = functools.partial(self._client.request, method, path, params=query, **_content(body))
        return _result(self._portal.call(request))


@contextlib.contextmanager
def _local(directory: Path) -> Iterator[_Local]:
    import httpx2
    from anyio.from_thread import start_blocking_portal

    from remit.assembly import open_remit
    from remit.cli.logs import configure
    from remit.decision_api import create_api

    configure()  # what the parts log goes to standard error: standard output is the command's
    # The portal opens and closes in one task, as the parts that it holds open need.
    opening = open_remit(directory, gateway=False)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opening) as remit:
        # The server's services, all of them: only who is calling is found out in another way.
        services = msgspec.structs.replace(remit.services, authenticator=_Machine())
        transport = httpx2.ASGITransport(create_api(services))
        yield _Local(portal, httpx2.AsyncClient(transport=transport, base_url="http://remit.local", timeout=TIMEOUT))


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage: what is loaded and opened stays until the command ends, and searching it, which
    is a tenth of the time that it all takes, finds nothing."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class _Machine:
    """Implements `decision_api.Authenticator` where only this command can call: the operating system let it in."""

    def authenticate(self, credential: Credential | None) -> Principal:  # noqa: ARG002 — there is no other caller
        from remit.authentication import Authenticator

        return Authenticator.local_operator(DEFAULT_TENANT)

    def renew(self, principal: Principal) -> Principal:
        """Nobody else holds the lock, so nothing was revoked meanwhile."""
        return principal

    @property
    def refused(self) -> Mapping[str, int]:
        return {}


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
