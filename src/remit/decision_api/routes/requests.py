"""Access requests by AuthZEN ARAP: submitted, asked after and taken back by enforcement points and agents.

Errors are problem details (RFC 9457), the profile's types where it names one.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, HeaderParameter

from remit.decision_api.arap import (
    POLL_AFTER,
    ArapError,
    Cancellation,
    Offers,
    ProblemDetails,
    TaskAnswer,
    not_requestable,
    unknown_task,
)
from remit.decision_api.asking import Asking, authenticated
from remit.decision_api.authzen import explain
from remit.decision_api.wire import error_headers, printable, status_of
from remit.terms import ApprovalState, InvalidInput, RemitError

PROBLEM = "application/problem+json"
_PRIVATE = {"cache-control": "no-store"}


def _offers(request: Asking) -> Offers:
    offers = request.services.offers
    if offers is None:
        raise not_requestable("this server takes no access requests")
    return offers


@post("/requests", status_code=202, summary="Ask people to allow what was denied (ARAP)", tags=["access requests"])
async def submit_request(
    request: Asking,
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
) -> Response[TaskAnswer]:
    """202 while it waits for people, 201 when it is answered already."""
    offers = _offers(request)
    value = await request.json()
    if not isinstance(value, dict):
        raise InvalidInput("expected a JSON object (RFC 8259 section 4)")
    keys = request.headers.getall("idempotency-key", [])
    if len(keys) > 1:
        raise InvalidInput("expected one `Idempotency-Key`")
    known = await offers.submit(request.by, value, idempotency_key)
    shown = offers.shown(known)
    status = 202 if known.state is ApprovalState.PENDING else 201
    return Response(shown, status_code=status, headers={**_PRIVATE, "location": shown.task.status_endpoint})


@get("/requests/{id:str}", summary="How an access request stands (ARAP)", tags=["access requests"])
async def get_request(request: Asking, id: FromPath[str]) -> Response[TaskAnswer]:
    offers = _offers(request)
    known = offers.task(request.by, id)
    wait = {"retry-after": str(POLL_AFTER)} if known.state is ApprovalState.PENDING else {}
    return Response(offers.shown(known), headers={**_PRIVATE, **wait})


@post("/requests/{id:str}/cancel", status_code=200, summary="Take it back (ARAP)", tags=["access requests"])
async def cancel_request(request: Asking, id: FromPath[str]) -> Response[TaskAnswer]:
    return await _cancel(request, id)


@delete("/requests/{id:str}/cancel", status_code=200, summary="Take it back (ARAP)", tags=["access requests"])
async def delete_request(request: Asking, id: FromPath[str]) -> Response[TaskAnswer]:
    return await _cancel(request, id)


async def _cancel(request: Asking, id: str) -> Response[TaskAnswer]:
    offers = _offers(request)
    body = Cancellation()
    if await request.body():
        try:
            body = msgspec.convert(await request.json(), Cancellation)
        except msgspec.ValidationError as error:
            raise InvalidInput(explain(error)) from None
    return Response(offers.shown(await offers.cancel(request.by, id, body)), headers=_PRIVATE)


def _problem(_: Request[Any, Any, Any], error: RemitError) -> Response[bytes]:
    status = status_of(error)
    kind, title = (error.type, error.title) if isinstance(error, ArapError) else ("about:blank", _TITLES[status])
    details = ProblemDetails(type=kind, title=title, status=status, detail=printable(error.message), code=error.code)
    headers = {name.decode(): value.decode() for name, value in error_headers(error)}
    return Response(msgspec.json.encode(details), status_code=status, media_type=PROBLEM, headers=headers)


def _framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework finds in a request to these routes: a parameter of another type, or a body too large."""
    if error.status_code == 413:
        too_large = RemitError("expected a smaller body", code="remit.too_large")
        too_large.status = 413
        return _problem(request, too_large)
    if error.status_code >= 500:
        raise error
    return _problem(
        request, unknown_task() if error.status_code == 404 else InvalidInput("expected what /openapi.json says")
    )


_TITLES = {
    400: "The request cannot be taken in only one way",
    401: "No valid key",
    403: "The key is valid, but its holder may not do this",
    404: "There is no such thing",
    409: "The state of things does not allow it",
    413: "The body is too large",
    500: "A defect of Remit",
    503: "The store cannot be used",
}


def request_routes() -> Router:
    return Router(
        "/access/v1",
        route_handlers=[submit_request, get_request, cancel_request, delete_request],
        guards=[authenticated],
        exception_handlers={RemitError: _problem, HTTPException: _framework},
    )
