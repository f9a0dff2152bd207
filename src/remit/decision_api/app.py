"""The ASGI application: the front for decisions, Litestar for the rest, one error shape for both."""

from typing import Any

import structlog
from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from remit.decision_api.asking import Asking, authenticated
from remit.decision_api.document import Document
from remit.decision_api.front import INTERNAL, Front
from remit.decision_api.routes import (
    access,
    agents,
    approvals,
    custody,
    log,
    missions,
    modes,
    record,
    requests,
    revocation,
    system,
    tokens,
    tools,
)
from remit.decision_api.services import ApiServices
from remit.decision_api.wire import MAX_LARGE_BODY, error_body, error_headers, status_of
from remit.terms import RemitError

_log = structlog.get_logger("remit.decision_api")
_CODES = {
    400: "remit.invalid_input",
    404: "remit.not_found",
    405: "remit.method_not_allowed",
    413: "remit.too_large",
}


def create_api(services: ApiServices) -> Front:
    """The API over `services`. It has no life cycle of its own: whoever opened the services closes them."""
    rest = Litestar(
        route_handlers=[*system.PUBLIC, *tokens.PUBLIC, *log.HANDLERS, operator_routes(), requests.request_routes()],
        exception_handlers={RemitError: _refused, HTTPException: _refused_by_framework, Exception: _failed},
        request_class=Asking,
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MAX_LARGE_BODY,
        state=State({"services": services}),
    )
    return Front(
        services,
        rest,
        Document(
            services.settings, [*system.PUBLIC, *tokens.PUBLIC, operator_routes(), requests.request_routes()]
        ).encoded,
    )


def operator_routes() -> Router:
    """All routes that need a key. Who may use which is `administration`'s table."""
    handlers = [
        *system.HANDLERS,
        *agents.HANDLERS,
        *missions.HANDLERS,
        *tools.HANDLERS,
        *access.HANDLERS,
        *approvals.HANDLERS,
        *revocation.HANDLERS,
        *record.HANDLERS,
        *custody.HANDLERS,
        *tokens.HANDLERS,
        *modes.HANDLERS,
    ]
    return Router("/v1", route_handlers=handlers, guards=[authenticated])


def _refused(_: Request[Any, Any, Any], error: RemitError) -> Response[bytes]:
    return _answer(status_of(error), error.code, error.message, error_headers(error))


def _refused_by_framework(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What Litestar found before a handler ran: no such route, wrong method, a body or parameter of another type."""
    status = error.status_code
    if status >= 500 or status not in _CODES:
        return _failed(_, error)
    said = error.detail
    if status == 400:
        problems = error.extra if isinstance(error.extra, list) else []
        told = [f"{one.get('key', '')}: {one.get('message', '')}" for one in problems if isinstance(one, dict)]
        said = "; ".join(told)[:2000] or "expected the parameters and body that /openapi.json describes"
    if status == 405:
        said = f"expected one of {(error.headers or {}).get('Allow', 'the methods that /openapi.json lists')}"
    if status == 404:
        said = "there is nothing at this path; /openapi.json lists what there is"
    headers = [(name.encode(), value.encode()) for name, value in (error.headers or {}).items()]
    return _answer(status, _CODES[status], said, headers)


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("request.failed", path=request.scope["path"], exc_info=error)
    return _answer(500, "remit.error", INTERNAL, [])


def _answer(status: int, code: str, message: str, headers: list[tuple[bytes, bytes]]) -> Response[bytes]:
    return Response(
        error_body(code, message),
        status_code=status,
        media_type="application/json",
        headers={name.decode(): value.decode() for name, value in headers},
    )
