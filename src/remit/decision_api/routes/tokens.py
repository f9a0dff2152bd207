"""Call tokens at their use, and the keys that sign them. Who got a permit with a token got it from the decision."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import UNSET

from remit.decision_api import hot
from remit.decision_api.asking import Asking
from remit.decision_api.authzen import explain
from remit.decision_api.token_bodies import (
    Introspected,
    Introspection,
    KeySet,
    Rotate,
    Rotated,
    TokenAnswer,
    TokenUse,
)
from remit.terms import InvalidInput
from remit.tokens import CallToken

_NO_STORE = {"Cache-Control": "no-store"}  # RFC 6749 section 5.1
_MAX_FIELDS = 16  # of a form; RFC 7662 names two


@get("/.well-known/jwks.json", summary="The keys that sign call tokens (JWK Set)", tags=["tokens"])
async def jwks(request: Asking) -> Response[KeySet]:
    """Read it again every quarter of a minute: a new key signs half a minute after it appears here."""
    keys: Any = request.desks.signing_keys.jwks()["keys"]
    return Response(KeySet(keys=tuple(keys)), headers={"Cache-Control": "public, max-age=15"})


@post("/tokens/consume", status_code=200, summary="Use up a call token", tags=["tokens"])
async def consume(request: Asking, data: JSONBody[TokenUse]) -> Response[TokenAnswer]:
    """For the enforcement point that got it with a request. Of any number of uses at most one is answered with 200;
    `remit.token_refused` says why a token cannot be used. Revocation since the permit stops it too."""
    services = request.services
    answer = await hot.consume(services.mediator, services.token_refusals, request.by, data)
    return Response(answer, headers=_NO_STORE)


@post("/tokens/introspect", status_code=200, summary="Look at a call token (RFC 7662)", tags=["tokens"])
async def introspect(request: Asking) -> Response[Introspection]:
    """For the enforcement point that may use it. Uses nothing up, so it proves nothing about the next moment."""
    asked = await _introspected(request)
    found = request.services.mediator.introspect(request.by, asked.token)
    shown = Introspection(active=False) if found is None else _active(found)
    return Response(shown, headers=_NO_STORE)


@post("/token-keys/rotate", status_code=200, summary="A new key for call tokens", tags=["tokens"])
async def rotate(request: Asking, data: JSONBody[Rotate]) -> Rotated:
    """Tokens that the key before signed stay good while they live, unless it is replaced at once."""
    made = await request.desks.signing_keys.rotate_tokens(request.by, at_once=data.at_once)
    return Rotated(key=made.kid, signs_from=made.not_before)


async def _introspected(request: Asking) -> Introspected:
    """What is asked, by a form as RFC 7662 section 2.1 has it, or by JSON. Raises `InvalidInput`."""
    value = await (_form(request) if _is_form(request) else request.json())
    try:
        return msgspec.convert(value, Introspected)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error)) from None


def _is_form(request: Asking) -> bool:
    media_type: str = request.headers.get("content-type", "")
    return media_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"


async def _form(request: Asking) -> dict[str, str]:
    """The parameters, none of which may be there twice (RFC 6749 section 3.2)."""
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError:  # too many, not ASCII, or escapes that are not UTF-8
        raise InvalidInput(f"expected a form of at most {_MAX_FIELDS} parameters in UTF-8, percent-encoded") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidInput("expected each parameter once")
    return found


def _active(token: CallToken) -> Introspection:
    return Introspection(
        active=True,
        token_type="Bearer" if token.jkt is None else "DPoP",
        iss=token.issuer,
        sub=token.subject,
        aud=token.audience,
        client_id=token.agent,
        jti=token.id,
        iat=token.issued // 1000,
        exp=token.expires // 1000,
        cnf=UNSET if token.jkt is None else {"jkt": token.jkt},
        authorization_details=(
            {
                "type": "remit_call",
                "server": token.server,
                "tool": token.tool,
                "digest": token.digest,
                "definition_hash": token.definition_hash,
                "call_id": token.call_id,
                "decision": token.decision,
                "instance": token.instance,
            },
        ),
    )


PUBLIC = [jwks]
HANDLERS = [consume, introspect, rotate]
