"""The front: decisions, what comes with every call, and AuthZEN metadata as plain ASGI; everything else handed on.

A decision costs tens of microseconds; a framework's request, routing and validation would cost more than that again.
Callers are authenticated before a byte of their body is read.
"""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import UNSET, UnsetType

from remit.authentication import parse_authorization
from remit.decision_api.arap import CAPABILITY, JWKS, REQUEST_SCHEMA, REQUEST_SCHEMA_DOCUMENT, REQUESTS, Offers
from remit.decision_api.authzen import read_asked
from remit.decision_api.batch import Door, evaluate_all
from remit.decision_api.hot import CONSUME, OUTCOMES, attest, consume, read_outcome, read_use
from remit.decision_api.services import ApiServices, public_url
from remit.decision_api.wire import (
    MAX_BODY,
    MAX_LARGE_BODY,
    NO_STORE,
    App,
    NotAllowed,
    Receive,
    Scope,
    Send,
    error_body,
    error_headers,
    find_request_id,
    read_body,
    read_head,
    require_json,
    require_length,
    respond,
    status_of,
)
from remit.terms import Principal, RemitError, Unavailable

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
WELL_KNOWN = "/.well-known/authzen-configuration"
OPENAPI = "/openapi.json"
IN_FLIGHT = 512  # decisions under way: more would only be answered later, and by then nobody waits for them any more
INTERNAL = "something went wrong inside Remit; its log has the cause"

Headers = tuple[tuple[bytes, bytes], ...]
_Answer = Callable[[Door, Principal, bytes], Awaitable[tuple[object, Headers]]]
_log = structlog.get_logger("remit.decision_api")
_encode = msgspec.json.Encoder().encode


class _Hot(NamedTuple):
    """One route: what answers a JSON object with another, or with None where there is nothing to say."""

    answer: _Answer
    most: int = MAX_BODY
    bounded: bool = True  # whether it is refused while `IN_FLIGHT` others are under way


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """AuthZEN section 9.1, and ARAP (Discovery); only endpoints that exist are named."""

    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str
    access_request_endpoint: str | UnsetType = UNSET
    jwks_uri: str | UnsetType = UNSET
    capabilities: tuple[str, ...] | UnsetType = UNSET


def metadata_of(url: str, offers: bool) -> Metadata:
    base = url.rstrip("/")
    return Metadata(
        policy_decision_point=url,
        access_evaluation_endpoint=base + EVALUATION,
        access_evaluations_endpoint=base + EVALUATIONS,
        access_request_endpoint=base + REQUESTS if offers else UNSET,
        jwks_uri=base + JWKS if offers else UNSET,
        capabilities=(CAPABILITY,) if offers else UNSET,
    )


def metadata_path(url: str) -> str:
    """AuthZEN section 9.2: the well-known string goes between the host and the path of our identifier."""
    return WELL_KNOWN + urlsplit(url).path.rstrip("/")


class Front:
    """The whole application. `rest` answers what is not answered here; `document` is the OpenAPI document."""

    def __init__(self, services: ApiServices, rest: App, document: Callable[[], bytes]) -> None:
        url = public_url(services.settings)
        self.services = services
        self._authenticate = services.authenticator.authenticate
        self._renew = services.authenticator.renew
        self._door = Door(mediator=services.mediator, renew=self._renew, offers=services.offers)
        self._rest = rest
        self._deciding = 0
        self._hot = {
            EVALUATION: _Hot(_one),
            EVALUATIONS: _Hot(_many),
            CONSUME: _Hot(self._consume),
            # as many as there were permits; one that is lost leaves its reservation spent
            OUTCOMES: _Hot(self._attest, MAX_LARGE_BODY, bounded=False),
        }
        metadata = _encode(metadata_of(url, services.offers is not None))
        self._documents: dict[str, Callable[[], bytes]] = {metadata_path(url): lambda: metadata, OPENAPI: document}
        if services.offers is not None:
            self._documents |= _arap_documents(services.offers)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self._rest(scope, receive, send)
        hot = self._hot.get(scope["path"])
        if hot is not None:
            return self._ask(hot, scope, receive, send)
        return self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["path"] in self._documents:
                await self._show(self._documents[scope["path"]], scope, send)
            else:
                await self._hand_on(scope, receive, send)
        except Exception:  # a defect of ours
            await _fail(scope, send)

    async def _ask(self, hot: _Hot, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] != "POST":
                raise NotAllowed("expected POST")
            head = read_head(scope["headers"])
            principal = self._authenticate(parse_authorization(head.authorization))
            require_json(head.content_type)
            require_length(head.content_length, hot.most)
            message = await receive()
            body: bytes = message.get("body", b"")
            if message.get("more_body") or message["type"] != "http.request" or len(body) > hot.most:
                body = await read_body(receive, message, hot.most)
            if hot.bounded and self._deciding >= IN_FLIGHT:
                raise Unavailable("too many decisions are under way: retry in a second", code="remit.overloaded")
            principal = self._renew(principal)  # the body may have come late and the key be revoked meanwhile (I5)
            self._deciding += 1
            try:
                answered, headers = await hot.answer(self._door, principal, body)
            finally:
                self._deciding -= 1
            said = _encode(answered) if answered is not None else b""
            await respond(send, 200 if said else 204, said, head.request_id, NO_STORE, *headers)
        except RemitError as error:
            await _refuse(send, error, find_request_id(scope["headers"]), b"POST")
        except Exception:  # a defect of ours
            await _fail(scope, send)

    async def _consume(self, _: Door, principal: Principal, body: bytes) -> tuple[object, Headers]:
        services = self.services
        return await consume(services.mediator, services.token_refusals, principal, read_use(body)), ()

    async def _attest(self, _: Door, principal: Principal, body: bytes) -> tuple[object, Headers]:
        await attest(self.services.mediator, principal, read_outcome(body))
        return None, ()

    async def _show(self, document: Callable[[], bytes], scope: Scope, send: Send) -> None:
        """A document that changes only with a restart: proxies and clients may keep it for a while."""
        request_id = find_request_id(scope["headers"])
        if scope["method"] != "GET":
            await _refuse(send, NotAllowed("expected GET"), request_id, b"GET")
        else:
            await respond(send, 200, document(), request_id, (b"cache-control", b"public, max-age=300"))

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = find_request_id(scope["headers"])
        if request_id is None:
            await self._rest(scope, receive, send)
            return

        async def echo(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", request_id)]}
            await send(message)

        await self._rest(scope, receive, echo)


def _arap_documents(offers: Offers) -> dict[str, Callable[[], bytes]]:
    keys, schema = _encode(offers.binding.jwks), _encode(REQUEST_SCHEMA_DOCUMENT)
    return {JWKS: lambda: keys, REQUEST_SCHEMA: lambda: schema}


async def _one(door: Door, principal: Principal, body: bytes) -> tuple[object, Headers]:
    """One evaluation, with the time of the path in milliseconds, without the wait for the commit (Server-Timing)."""
    asked = read_asked(body)
    request = door.request(principal, asked)
    decision = await door.mediator.decide(principal, request)
    answered = door.answer(principal, asked, request, decision)
    return answered, ((b"server-timing", b"path;dur=%.4f" % (decision.micros / 1000)),)


async def _many(door: Door, principal: Principal, body: bytes) -> tuple[object, Headers]:
    return await evaluate_all(door, principal, body), ()


async def _fail(scope: Scope, send: Send) -> None:
    """A defect of ours: its log has the details, the answer has none."""
    _log.exception("request.failed", path=scope["path"])
    with contextlib.suppress(Exception):  # the answer may have begun
        await respond(send, 500, error_body("remit.error", INTERNAL), find_request_id(scope["headers"]))


async def _refuse(send: Send, error: RemitError, request_id: bytes | None, allowed: bytes) -> None:
    headers = error_headers(error)
    if error.status == 405:  # RFC 9110 section 15.5.6
        headers.append((b"allow", allowed))
    await respond(send, status_of(error), error_body(error.code, error.message), request_id, *headers)
