"""The last step before the wire to an upstream, and the first after it.

Adds the credential here, below everything that logs or raises, and only for the configured origin. Refuses redirects (a
redirect chooses who gets the credential), compressed answers and answers beyond a size. Turns a failed exchange into a
JSON-RPC error with its `Fate`: whether the request may have been carried out is known only where bytes were sent. So
one failed exchange does not end the session that the others share.
"""

import enum
import json
import secrets
from typing import Any

import httpx2

from remit.gateway.credential import Secret


class Fate(enum.StrEnum):
    """What became of a request that got no answer."""

    NOT_SENT = "not_sent"  # no connection: nothing was carried out
    REFUSED = "refused"  # the upstream said no before doing anything
    SESSION_LOST = "session_lost"  # it no longer knows the session; a new one may be opened and the request sent again
    UNKNOWN = "unknown"  # it may have been carried out


MAX_ANSWER = 8 * 1024 * 1024  # bytes of one answer; tools that return more belong behind a file or a page
_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
_CODE = -32050  # in JSON-RPC's range for implementations
_MARK = secrets.token_hex(16)  # an upstream cannot write errors that pass for ours


def fate_of(data: Any) -> Fate | None:
    """The fate in the `data` of an error that was made here; None for an upstream's own error."""
    return Fate(data["fate"]) if isinstance(data, dict) and data.get("mark") == _MARK else None


class Guard(httpx2.AsyncBaseTransport):
    """A transport to one origin."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, url: httpx2.URL, secret: Secret) -> None:
        self._inner = inner
        self._origin = (url.scheme, url.host, url.port)
        self._secret = secret

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if (request.url.scheme, request.url.host, request.url.port) != self._origin:
            return _failed(Fate.NOT_SENT, "the upstream pointed to another origin, which is not followed")
        if self._secret.header is not None:
            request.headers["Authorization"] = self._secret.header
        request.headers["Accept-Encoding"] = "identity"
        if request.method == "GET" or request.headers.get("mcp-method") == "subscriptions/listen":
            request.extensions = {**request.extensions, "timeout": {**request.extensions["timeout"], "read": None}}
        try:
            response = await self._inner.handle_async_request(request)
            return await self._checked(request, response)
        except _UNSENT:
            return _failed(Fate.NOT_SENT, "the upstream cannot be reached")
        except httpx2.TimeoutException:
            return _failed(Fate.UNKNOWN, "the upstream did not answer in time")
        except httpx2.HTTPError:
            return _failed(Fate.UNKNOWN, "the connection to the upstream was lost")
        finally:
            request.headers.pop("Authorization", None)

    async def _checked(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        verdict = _verdict(request, response, bare=self._secret.header is None)
        if verdict is not None:
            await response.aclose()
            return verdict
        if response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            return response  # the SDK bounds each event and survives a broken stream
        body = await _read(response)
        if body is None:
            return _failed(Fate.UNKNOWN, f"the upstream answered with more than {MAX_ANSWER} bytes")
        if response.status_code >= 400 and not _is_error(body):
            fate = Fate.UNKNOWN if response.status_code >= 500 else Fate.REFUSED
            return _failed(fate, f"the upstream answered with HTTP status {response.status_code}")
        return httpx2.Response(response.status_code, headers=response.headers, content=body)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _verdict(request: httpx2.Request, response: httpx2.Response, *, bare: bool) -> httpx2.Response | None:
    status = response.status_code
    if 300 <= status < 400:
        return _failed(Fate.REFUSED, "the upstream redirects, which is not followed; configure its final address")
    if status in (401, 403) and bare:
        return _failed(Fate.REFUSED, "the upstream asks for a credential, and the gateway sent none")
    if status in (401, 403):
        return _failed(Fate.REFUSED, "the upstream refuses the gateway's credential; an operator must renew it")
    if status == 404 and "mcp-session-id" in request.headers:
        return _failed(Fate.SESSION_LOST, "the upstream ended the session")
    if response.headers.get("content-encoding", "identity") != "identity":
        return _failed(Fate.UNKNOWN, "the upstream compressed its answer although it was asked not to")
    return None


async def _read(response: httpx2.Response) -> bytes | None:
    body = bytearray()
    try:
        async for part in response.aiter_raw():
            body += part
            if len(body) > MAX_ANSWER:
                return None
    finally:
        await response.aclose()
    return bytes(body)


def _is_error(body: bytes) -> bool:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("error"), dict)


def _failed(fate: Fate, message: str) -> httpx2.Response:
    error = {"code": _CODE, "message": message, "data": {"mark": _MARK, "fate": fate.value}}
    return httpx2.Response(502, json={"jsonrpc": "2.0", "id": None, "error": error})
