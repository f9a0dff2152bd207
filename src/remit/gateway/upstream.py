"""One MCP server behind the gateway: a shared session, kept by one task, opened again when it was lost.

The session speaks 2026-07-28 to servers that do and 2025-11-25 to the others; it advertises no sampling, elicitation or
roots, and refuses them (an upstream never asks anything of an agent). Its listing is registered before it is used, and
again at every change notice and every `refresh` seconds, since a hostile server gives no notice.

Threat: the upstream is not trusted. Everything it says is hostile text; what it was sent is not sent twice unless it
certainly did nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx2
import mcp_types as types
import msgspec
import structlog
from mcp.client import Client
from mcp.client.session import IncomingMessage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import RootModel, ValidationError

from remit.gateway.credential import Secret
from remit.gateway.guard import MAX_ANSWER, Fate, Guard, fate_of
from remit.gateway.ports import Register, Times
from remit.terms import Refused, Unavailable, Upstream

_LOG = structlog.get_logger("remit.gateway")
_MAX_PAGES = 100  # of a listing; with `_MAX_TOOLS`, a paginator that never ends costs little
_MAX_TOOLS = 2000
_ERROR_TEXT = 2000  # characters of an upstream's own error message that are passed on
# Errors after which the call may have been carried out, or is even running: the SDK's own for a closed connection, a
# time-out, an answer that cannot be read, and what a server says when it broke down half-way.
_UNCERTAIN = frozenset(
    {
        types.CONNECTION_CLOSED,
        types.REQUEST_TIMEOUT,
        types.PARSE_ERROR,
        types.INVALID_REQUEST,
        types.INTERNAL_ERROR,
    }
)


class _Raw(RootModel[dict[str, Any]]):
    """A result as it came, after the SDK checked it: nothing added, nothing dropped."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's result, as the upstream wrote it (a `CallToolResult`), without our credential."""

    result: dict[str, Any]

    @property
    def is_error(self) -> bool:
        return self.result.get("isError") is True


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """No result. `certain`: it was certainly not carried out; `theirs`: `message` is the upstream's, hostile text."""

    certain: bool
    message: str
    theirs: bool = False


class UpstreamSession:
    """The shared session with one upstream; `run` keeps it."""

    def __init__(
        self,
        upstream: Upstream,
        register: Register,
        times: Times = Times(),  # noqa: B008 — frozen
        *,
        bare: bool = False,
    ) -> None:
        """Raises `Refused` for an address or credential file that cannot work.

        `bare`: without the credential, for calls that are only observed; opened when the first of them comes.
        """
        self.id = upstream.id
        self._url = _checked_url(upstream)
        self._secret = Secret.read(upstream.credential_file)
        self._bare = bare
        self._register = register
        self._times = times
        self._listing: dict[str, dict[str, Any]] = {}
        self._client: Client | None = None
        self._open = False  # whether this round of `run` got a session
        self._wanted = asyncio.Event()
        self._wake = asyncio.Event()  # the listing may have changed, or the session is lost
        self._attempt: asyncio.Future[Client] | None = None

    async def run(self) -> None:
        """Keep the session until cancelled. A lost session is opened again when somebody needs it."""
        if not self._bare:
            self._wanted.set()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._open = False
            cause = "the session ended"
            try:
                await self._serve()
            except* Exception as group:
                cause = _cause(group)
            self._lost(cause)

    async def tools(self) -> dict[str, dict[str, Any]]:
        """What it listed last, by name. Raises `Unavailable` when it cannot be reached."""
        await self._connected()
        return self._listing

    def listed(self, name: str) -> dict[str, Any] | None:
        """One tool as it was listed last; does not wait."""
        return self._listing.get(name)

    async def call(self, name: str, arguments: dict[str, Any]) -> Answer | Failure:
        """Call a tool. Sent again at most once, and only when the first was certainly not carried out."""
        request = types.CallToolRequest(params=types.CallToolRequestParams(name=name, arguments=arguments))
        for last in (False, True):
            try:
                client = await self._connected()
            except Unavailable as error:
                return Failure(certain=True, message=error.message)
            try:
                result = (await client.session.send_request(request, _Raw)).root
            except MCPError as error:
                if not last and await self._mended(client, error):
                    continue
                return self._failure(error)
            except ValidationError:
                return Failure(certain=False, message=f"upstream `{self.id}` gave an answer that is not valid MCP")
            if result.get("resultType", "complete") != "complete":
                return Failure(certain=True, message=f"upstream `{self.id}` asked for input, which is refused")
            return Answer(result={"resultType": "complete", **self._secret.clean(result)})
        raise AssertionError("unreachable: the second round returns")

    async def _connected(self) -> Client:
        if self._client is not None:
            return self._client
        if self._attempt is None:
            self._attempt = asyncio.get_running_loop().create_future()
        self._wanted.set()
        try:
            return await asyncio.wait_for(asyncio.shield(self._attempt), self._times.connect)
        except TimeoutError:
            raise Unavailable(f"upstream `{self.id}` did not answer in time; try again later") from None

    async def _serve(self) -> None:
        """One session, from its opening to its loss."""
        self._wake = asyncio.Event()
        async with self._http() as http, self._opened(http) as client:
            with anyio.fail_after(self._times.connect):
                await self._refresh(client)
            self._client, self._open = client, True
            attempt, self._attempt = self._attempt, None
            if attempt is not None and not attempt.done():
                attempt.set_result(client)
            _LOG.info("upstream.connected", server=self.id, protocol=client.protocol_version)
            async with anyio.create_task_group() as group:
                group.start_soon(self._listen, client)
                await self._keep(client)
                group.cancel_scope.cancel()

    async def _keep(self, client: Client) -> None:
        while True:
            with anyio.move_on_after(self._times.refresh):
                await self._wake.wait()
            if self._client is not client:
                return
            self._wake.clear()
            try:
                with anyio.fail_after(self._times.call):
                    await self._refresh(client)
            except MCPError as error:
                if fate_of(error.data) is Fate.SESSION_LOST:
                    self._client = None
                    return
                _LOG.warning("upstream.listing_failed", server=self.id, cause=type(error).__name__)
            except Exception as error:  # the session still works; the listing is tried again
                _LOG.warning("upstream.listing_failed", server=self.id, cause=type(error).__name__)

    async def _refresh(self, client: Client) -> None:
        """Fetch the listing, have it registered, then use it: an agent is never shown what was not registered."""
        listed: dict[str, dict[str, Any]] = {}
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            page = await client.session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
            for tool in page.tools:
                listed.setdefault(tool.name, self._secret.clean(_dumped(tool)))
            cursor = page.next_cursor
            if cursor is None:
                break
        if cursor is not None or len(listed) > _MAX_TOOLS:
            raise Unavailable(f"upstream `{self.id}` lists more than {_MAX_TOOLS} tools or {_MAX_PAGES} pages")
        if not self._bare:  # what strangers are shown is no reason to quarantine anything
            await self._register(self.id, list(listed.values()))
        self._listing = listed

    async def _listen(self, client: Client) -> None:
        """Change notices of 2026-07-28; earlier versions send theirs by themselves."""
        tools = client.server_capabilities.tools
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or tools is None or not tools.list_changed:
            return
        with contextlib.suppress(Exception):  # notices are a courtesy: the listing is fetched again anyhow
            async with client.listen(tools_list_changed=True) as notices:
                async for _ in notices:
                    self._wake.set()

    async def _notice(self, message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._wake.set()

    @contextlib.asynccontextmanager
    async def _http(self) -> AsyncIterator[httpx2.AsyncClient]:
        timeout = httpx2.Timeout(self._times.call, connect=self._times.connect, pool=self._times.connect)
        guard = Guard(
            httpx2.AsyncHTTPTransport(retries=1, trust_env=False),
            self._url,
            Secret(None) if self._bare else self._secret,
        )
        async with httpx2.AsyncClient(transport=guard, timeout=timeout, trust_env=False) as http:
            yield http

    @contextlib.asynccontextmanager
    async def _opened(self, http: httpx2.AsyncClient) -> AsyncIterator[Client]:
        client = Client(
            streamable_http_client(str(self._url), http_client=http, max_sse_event_size=MAX_ANSWER),
            read_timeout_seconds=self._times.call,
            message_handler=self._notice,
            client_info=types.Implementation(name="remit-gateway", version="0.1"),
            cache=None,
        )
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(self._times.connect):  # no anyio scope: the client's own outlive this block
                await stack.enter_async_context(client)
            yield client

    async def _mended(self, client: Client, error: MCPError) -> bool:
        """Whether the request was certainly not carried out and the cause is removed, so that it may be sent again."""
        if fate_of(error.data) is Fate.SESSION_LOST:
            if self._client is client:
                self._client = None
                self._wake.set()
            return True
        if error.code == types.HEADER_MISMATCH and self._client is client:  # its schema changed since we listed it
            with contextlib.suppress(Exception), anyio.fail_after(self._times.connect):
                await self._refresh(client)
                return True
        return False

    def _failure(self, error: MCPError) -> Failure:
        fate = fate_of(error.data)
        if fate is not None:
            return Failure(certain=fate is not Fate.UNKNOWN, message=f"upstream `{self.id}`: {error.message}")
        if error.code in _UNCERTAIN:
            return Failure(certain=False, message=f"upstream `{self.id}` gave no usable answer (code {error.code})")
        text = self._secret.clean(error.message)[:_ERROR_TEXT]
        return Failure(certain=True, message=text, theirs=True)

    def _lost(self, cause: str) -> None:
        """Tell those who wait for a first session; those who came after a working one was lost get the next."""
        self._client = None
        _LOG.warning("upstream.lost", server=self.id, cause=cause)
        if self._open:
            return
        attempt, self._attempt = self._attempt, None
        self._wanted.clear()
        if attempt is not None and not attempt.done():
            attempt.set_exception(Unavailable(f"upstream `{self.id}` cannot be used: {cause}; try again later"))
            attempt.exception()  # waiters get it through their shield; alone, it is no news


def _checked_url(upstream: Upstream) -> httpx2.URL:
    """The address. Raises `Refused` for an id or address that is ambiguous or would carry a credential into logs."""
    if not upstream.id or not all(char.isascii() and (char.isalnum() or char in "_.-") for char in upstream.id):
        raise Refused(f"expected an upstream's id of letters, digits and `_.-`, got {upstream.id[:80]!r}")
    try:
        url = httpx2.URL(upstream.url)
    except (httpx2.InvalidURL, ValueError):
        raise Refused(f"expected the url of upstream `{upstream.id}` to be an http or https address") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise Refused(f"expected the url of upstream `{upstream.id}` to be an http or https address")
    if url.userinfo or url.fragment:
        raise Refused(f"expected no credential or fragment in the url of upstream `{upstream.id}`; use credential_file")
    return url


def _dumped(tool: types.Tool) -> dict[str, Any]:
    return tool.model_dump(mode="json", by_alias=True, exclude_none=True)


def _cause(group: BaseExceptionGroup[Any]) -> str:
    """Why a session ended, in our words: messages of exceptions may hold what the upstream wrote."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    match error:
        case Unavailable():
            return error.message
        case MCPError() if fate_of(error.data) is not None:
            return error.message
        case TimeoutError():
            return "it did not answer in time"
        case ValidationError():
            return "its answer is not valid MCP"
        case _:
            return type(error).__name__
