"""AuthZEN section 7: several evaluations in one request, with defaults and three semantics.

Decisions have effects (a permit reserves budget), so a semantic that stops early decides one after the other and never
begins what it will not answer. `execute_all` begins all of them at once: they wait for the same group commit.
"""

import asyncio
import enum
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import structlog
from msgspec import UNSET, Meta, UnsetType

from remit.decision_api.arap import Offers
from remit.decision_api.authzen import (
    Action,
    EvaluationResponse,
    Resource,
    Subject,
    answer,
    explain,
    read_request,
)
from remit.decision_api.services import Mediator
from remit.decision_api.wire import printable, status_of
from remit.terms import Decision, Effect, InvalidInput, Principal, RemitError

MAX_ITEMS = 256  # more in one request would hold up everybody else's decisions
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

    async def evaluate(self, principal: Principal, value: dict[str, Any]) -> tuple[EvaluationResponse, Decision]:
        """The answer, and the decision that it tells. Raises `InvalidInput` and `Forbidden`."""
        request = read_request(value)
        offers = self.offers
        if offers is not None and request.approval is not None:
            request = offers.prepared(principal, request)
        decision = await self.mediator.decide(principal, request)
        answered = answer(decision, principal)
        if offers is not None and (request.approval is not None or decision.effect is Effect.ASK):
            answered = offers.answered(answered, decision, principal, request, value)
        return answered, decision


async def evaluate_all(
    door: Door, principal: Principal, value: dict[str, Any]
) -> EvaluationResponse | EvaluationsResponse:
    """All evaluations, as far as the semantic goes; without any, the one at the top level."""
    try:
        asked = msgspec.convert(value, EvaluationsRequest)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error)) from None
    if not asked.evaluations:
        return (await door.evaluate(principal, value))[0]
    defaults = {name: value[name] for name in _DEFAULTS if name in value}
    items = [{**defaults, **item} for item in asked.evaluations]
    semantic = asked.options.evaluations_semantic
    if semantic is Semantic.EXECUTE_ALL:
        return EvaluationsResponse(
            evaluations=tuple(await asyncio.gather(*(_item(door, principal, item) for item in items)))
        )
    last = semantic is Semantic.PERMIT_ON_FIRST_PERMIT
    answers: list[Item] = []
    for item in items:
        answers.append(await _item(door, principal, item))
        if answers[-1].decision is last:
            break
    return EvaluationsResponse(evaluations=tuple(answers))


async def _item(door: Door, principal: Principal, item: dict[str, Any]) -> Item:
    try:
        # what went before took its time, and the key may have been revoked meanwhile (I5)
        return (await door.evaluate(door.renew(principal), item))[0]
    except RemitError as error:
        return _failed(status_of(error), error.code, error.message)
    except Exception:
        _log.exception("evaluation.failed")
        return _failed(500, "remit.error", "this evaluation failed; report it to the operators of Remit")


def _failed(status: int, code: str, message: str) -> FailedEvaluation:
    return FailedEvaluation(
        decision=False, context=ErrorContext(error=ItemError(status=status, code=code, message=printable(message)))
    )
