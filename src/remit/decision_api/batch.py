"""AuthZEN section 7: several evaluations in one request, with defaults and three semantics.

Decisions have effects (a permit reserves budget), so a semantic that stops early decides one after the other and never
begins what it will not answer. `execute_all` begins all of them at once: they wait for the same group commit.
"""

import asyncio
import enum
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec
import structlog
from msgspec import UNSET, Meta, UnsetType

from remit.decision_api.arap import Offers
from remit.decision_api.authzen import (
    NOWHERE,
    Action,
    Asked,
    Called,
    Caller,
    Circumstances,
    EvaluationResponse,
    Exact,
    Named,
    Resource,
    Subject,
    ToolCall,
    answer,
    as_sent,
    explain,
    read_object,
    read_request,
)
from remit.decision_api.services import Mediator
from remit.decision_api.wire import printable, status_of
from remit.terms import Decision, Effect, InvalidInput, Principal, RemitError, Request, reader

MAX_ITEMS = 256  # more in one request would hold up everybody else's decisions
_ASK = Effect.ASK  # read once: the look-up costs more than the use
_DEFAULTS = ("subject", "action", "resource", "context")
_log = structlog.get_logger("remit.decision_api")


class Semantic(enum.StrEnum):
    """Section 7.1.2.1."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Section 7.1.2; other members are ignored."""

    evaluations_semantic: Semantic = Semantic.EXECUTE_ALL


class EvaluationsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Section 7.1. Top-level members are defaults; an item's own member replaces the default whole (section 7.1.1)."""

    subject: Subject | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    resource: Resource | UnsetType = UNSET
    context: dict[str, Any] | UnsetType = UNSET
    options: Options = Options()
    evaluations: Annotated[tuple[dict[str, Any], ...], Meta(max_length=MAX_ITEMS)] = ()


class _Part(Exact, frozen=True, kw_only=True):
    """An item as nearly all are; what it leaves out is as the batch says."""

    subject: Caller | None = None
    action: Named | None = None
    resource: Called | None = None
    context: Circumstances | None = None


class _Calls(_Part, frozen=True, kw_only=True):
    """An `EvaluationsRequest` of tool calls, read as `ToolCall` is."""

    options: Options = Options()
    evaluations: Annotated[tuple[_Part, ...], Meta(min_length=1, max_length=MAX_ITEMS)]


_read_calls = reader(_Calls)


class ItemError(msgspec.Struct, frozen=True, kw_only=True):
    """Section 7.2.1."""

    status: int
    code: str
    message: str


class ErrorContext(msgspec.Struct, frozen=True, kw_only=True):
    error: ItemError


class FailedEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """An item that could not be evaluated: denied."""

    decision: Literal[False]
    context: ErrorContext


Item = EvaluationResponse | FailedEvaluation


class EvaluationsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Section 7.2: decisions in the order of the request."""

    evaluations: tuple[Any, ...]


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation after another, from the body to the answer."""

    mediator: Mediator
    renew: Callable[[Principal], Principal]  # as a key stands now; raises `Unauthenticated`
    offers: Offers | None = None  # without them an ask names its request and no more

    def request(self, principal: Principal, asked: Asked) -> Request:
        """What the path is asked. Raises `InvalidInput`."""
        request = read_request(asked)
        if self.offers is not None and request.approval is not None:
            request = self.offers.prepared(principal, request)
        return request

    def answer(self, principal: Principal, asked: Asked, request: Request, decision: Decision) -> EvaluationResponse:
        """What is told of the decision on `request`."""
        answered = answer(decision, principal)
        if self.offers is not None and (request.approval is not None or decision.effect is _ASK):
            answered = self.offers.answered(answered, decision, principal, request, as_sent(asked))
        return answered

    async def evaluate(self, principal: Principal, asked: Asked) -> EvaluationResponse:
        """Raises `InvalidInput` and `Forbidden`."""
        request = self.request(principal, asked)
        return self.answer(principal, asked, request, await self.mediator.decide(principal, request))


async def evaluate_all(door: Door, principal: Principal, body: bytes) -> EvaluationResponse | EvaluationsResponse:
    """All evaluations, as far as the semantic goes; without any, the one at the top level."""
    items, semantic = _items(body)
    if semantic is None:
        return await door.evaluate(principal, items[0])
    if semantic is Semantic.EXECUTE_ALL:
        answered = await asyncio.gather(*[_item(door, principal, item) for item in items])
        return EvaluationsResponse(evaluations=tuple(answered))
    last = semantic is Semantic.PERMIT_ON_FIRST_PERMIT
    answers: list[Item] = []
    for item in items:
        answers.append(await _item(door, principal, item))
        if answers[-1].decision is last:
            break
    return EvaluationsResponse(evaluations=tuple(answers))


def _items(body: bytes) -> tuple[Sequence[Asked], Semantic | None]:
    """The evaluations with the defaults in them; no semantic where there is only the one at the top level."""
    calls = _read_calls(body)
    if calls is not None:
        merged = [_merged(calls, part) for part in calls.evaluations]
        whole = [one for one in merged if one is not None]
        if len(whole) == len(merged):
            return whole, calls.options.evaluations_semantic
    return _any_items(body)


def _any_items(body: bytes) -> tuple[Sequence[Asked], Semantic | None]:
    value = read_object(body)
    try:
        asked = msgspec.convert(value, EvaluationsRequest)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error)) from None
    if not asked.evaluations:
        return [value], None
    defaults = {name: value[name] for name in _DEFAULTS if name in value}
    return [{**defaults, **item} for item in asked.evaluations], asked.options.evaluations_semantic


def _merged(calls: _Calls, part: _Part) -> ToolCall | None:
    """`part` with the defaults; None when something is in neither."""
    subject, action, resource = (
        part.subject or calls.subject,
        part.action or calls.action,
        part.resource or calls.resource,
    )
    if subject is None or action is None or resource is None:
        return None
    return ToolCall(subject=subject, action=action, resource=resource, context=part.context or calls.context or NOWHERE)


async def _item(door: Door, principal: Principal, item: Asked) -> Item:
    try:
        # what went before took its time, and the key may have been revoked meanwhile (I5)
        return await door.evaluate(door.renew(principal), item)
    except RemitError as error:
        return _failed(status_of(error), error.code, error.message)
    except Exception:
        _log.exception("evaluation.failed")
        return _failed(500, "remit.error", "this evaluation failed; report it to the operators of Remit")


def _failed(status: int, code: str, message: str) -> FailedEvaluation:
    return FailedEvaluation(
        decision=False, context=ErrorContext(error=ItemError(status=status, code=code, message=printable(message)))
    )
