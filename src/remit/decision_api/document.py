"""The OpenAPI 3.1 document: Litestar's description of its routes, with the front's routes written beside them.

Shapes of all bodies come from the same msgspec types that read and write them, and so does what is refused. Each
operation lists every status it can answer with; a test compares that with what it does answer.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler

import remit
from remit.administration import Recorded
from remit.decision_api import bodies, token_bodies
from remit.decision_api.arap import (
    JWKS,
    REQUEST_SCHEMA,
    REQUESTS,
    AccessRequestSubmission,
    Cancellation,
    ProblemDetails,
)
from remit.decision_api.asking import Asking
from remit.decision_api.authzen import EvaluationRequest, EvaluationResponse, FindingView
from remit.decision_api.batch import EvaluationsRequest, EvaluationsResponse, FailedEvaluation
from remit.decision_api.front import EVALUATION, EVALUATIONS, OPENAPI, Metadata, metadata_path
from remit.decision_api.services import public_url
from remit.decision_api.wire import MAX_REQUEST_ID, ErrorBody
from remit.terms import Settings

INTROSPECT = "/v1/tokens/introspect"
_REFS = "#/components/schemas/{name}"
_SAYS = {
    400: "A member is missing, of a wrong type, or cannot be taken in only one way",
    401: "No valid key",
    403: "The key is valid, but its holder may not do this",
    404: "There is no such thing",
    405: "Another method is expected",
    409: "The state of things does not allow it, or changed meanwhile",
    410: "It has expired",
    413: "The body is too large",
    500: "A defect of Remit; nothing was permitted",
    503: "The store cannot be used, or no policies are active; try again later",
}
_DECIDING = (400, 401, 403, 413, 500, 503)


class Document:
    """Made at the first request and kept: it changes only with a restart."""

    def __init__(self, settings: Settings, handlers: Sequence[ControllerRouterHandler]) -> None:
        self._settings = settings
        self._handlers = handlers
        self._encoded: bytes | None = None

    def encoded(self) -> bytes:
        if self._encoded is None:
            self._encoded = msgspec.json.encode(self.build())
        return self._encoded

    def build(self) -> dict[str, Any]:
        url = public_url(self._settings)
        config = OpenAPIConfig(title="Remit", version=remit.__version__, description=_ABOUT)
        document = Litestar(
            route_handlers=list(self._handlers), openapi_config=config, request_class=Asking, logging_config=None
        ).openapi_schema.to_schema()
        paths = document["paths"]
        for path, item in paths.items():
            for method, operation in item.items():
                _complete(path, method, operation)
        paths[EVALUATION] = {"post": _EVALUATION}
        paths[EVALUATIONS] = {"post": _EVALUATIONS}
        paths[metadata_path(url)] = {"get": _METADATA}
        paths[OPENAPI] = {"get": _DOCUMENT}
        paths[JWKS] = {"get": _plain("RequestKeys", "The key that signs binding tokens (RFC 7517)")}
        paths[REQUEST_SCHEMA] = {"get": _plain("RequestSchema", "What may be added to an access request (JSON Schema)")}
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update(_shapes())
        components["securitySchemes"] = {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "An access key, `remit_<id>_<secret>`, of an operator, enforcement point or agent",
            }
        }
        document["servers"] = [{"url": url.rstrip("/") or "/"}]
        return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Litestar describes the success; here come the refusals."""
    requests = path.startswith(REQUESTS)
    needs_key = path.startswith("/v1/") or requests
    statuses = [500]
    if needs_key:
        statuses += [400, 401, 403, 404, 503]
        operation["security"] = [{"key": []}]
    if method == "post":
        statuses += [409, 413]
    responses = operation["responses"]
    for status in sorted(statuses):
        responses[str(status)] = _error(status)
    if requests:
        _complete_request(path, operation)
    if path == INTROSPECT:  # read by hand, for RFC 7662 has a form
        shape = {"schema": {"$ref": _REFS.format(name="Introspected")}}
        both = {"application/x-www-form-urlencoded": shape, "application/json": shape}
        operation["requestBody"] = {"required": True, "content": both}
    if path == "/ready":
        responses["503"] = {"description": "What is wrong", "content": _json("Readiness")}


def _complete_request(path: str, operation: dict[str, Any]) -> None:
    """ARAP: problem details in place of our errors, bodies that are read by hand."""
    responses = operation["responses"]
    for status in (409, 410, 413):
        responses[str(status)] = _error(status)
    for status, answer in responses.items():
        if status >= "400":
            answer["content"] = {"application/problem+json": {"schema": {"$ref": _REFS.format(name="ProblemDetails")}}}
    if path == REQUESTS:
        operation["requestBody"] = {"required": True, "content": _json("AccessRequestSubmission")}
        responses["201"] = {**responses["202"], "description": "Answered already"}
    elif path.endswith("/cancel"):
        operation["requestBody"] = {"required": False, "content": _json("Cancellation")}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFS.format(name=name)}}}


def _error(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": _SAYS[status], "content": _json("ErrorBody")}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
    if status == 503:
        answer["headers"] = {"Retry-After": {"schema": {"type": "string"}, "required": True}}
    return answer


def _shapes() -> dict[str, Any]:
    """Every body by name, in JSON Schema 2020-12."""
    named = [
        one
        for module in (bodies, token_bodies)
        for one in vars(module).values()
        if isinstance(one, type) and one.__module__ == module.__name__
    ]
    own = [
        EvaluationRequest,
        EvaluationsRequest,
        EvaluationResponse,
        FindingView,
        FailedEvaluation,
        Metadata,
        ErrorBody,
        Recorded,
        AccessRequestSubmission,
        Cancellation,
        ProblemDetails,
    ]
    _, shapes = msgspec.json.schema_components([*named, *own], ref_template=_REFS)
    both = {"anyOf": [{"$ref": _REFS.format(name=name)} for name in ("EvaluationResponse", "FailedEvaluation")]}
    shapes["EvaluationsResponse"] = {
        "title": "EvaluationsResponse",
        "description": EvaluationsResponse.__doc__,
        "type": "object",
        "properties": {"evaluations": {"type": "array", "items": both}},
        "required": ["evaluations"],
    }
    return shapes


_REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "Echoed in the answer",
    "schema": {"type": "string", "pattern": f"^[ -~]{{1,{MAX_REQUEST_ID}}}$"},
}


def _decides(name: str, summary: str, body: str, answer: dict[str, Any]) -> dict[str, Any]:
    success = {"description": "Decided; a denial is a success too", "content": {"application/json": {"schema": answer}}}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["decisions"],
        "security": [{"key": []}],
        "parameters": [_REQUEST_ID],
        "requestBody": {"required": True, "content": _json(body)},
        "responses": {"200": success, **{str(status): _error(status) for status in _DECIDING}},
    }


_EVALUATION = _decides(
    "Evaluate", "Decide one request (AuthZEN)", "EvaluationRequest", {"$ref": _REFS.format(name="EvaluationResponse")}
)
_EVALUATIONS = _decides(
    "EvaluateAll",
    "Decide several requests (AuthZEN)",
    "EvaluationsRequest",
    {"anyOf": [{"$ref": _REFS.format(name=name)} for name in ("EvaluationsResponse", "EvaluationResponse")]},
)
_METADATA = {
    "operationId": "Metadata",
    "summary": "Where the endpoints are (AuthZEN)",
    "tags": ["decisions"],
    "responses": {"200": {"description": "The metadata", "content": _json("Metadata")}},
}


def _plain(name: str, summary: str) -> dict[str, Any]:
    schema = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["access requests"],
        "responses": {"200": {"description": "The document", "content": schema}},
    }


_DOCUMENT = {
    "operationId": "Document",
    "summary": "This document",
    "tags": ["system"],
    "responses": {
        "200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}
    },
}
_ABOUT = "Run-time authorization for AI agents: decisions after AuthZEN 1.0, and what operators need to run them."
