"""AuthZEN Authorization API 1.0 (final), section 5: a claim on the wire becomes a `Request`, a `Decision` an answer.

Nothing is believed here. Properties of agents and tools are dropped by the path; those of other subjects and resources
count only as far as the enforcement point may assert them. The answer quotes no evidence: quotes are what agents and
tools wrote, and whoever reads an answer may be a model.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from remit.terms import (
    AgentPrincipal,
    Decision,
    Effect,
    FindingKind,
    InvalidInput,
    IssuedToken,
    Mode,
    Obligation,
    Principal,
    Reason,
    Request,
    TokenRequest,
    Unverified,
    parse,
)

MAX_NAME = 2048  # characters of a type, id or name: as long as the longest URL that is in use
Name = Annotated[str, Meta(max_length=MAX_NAME)]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Section 5.1. An agent's `properties.instance` names its running instance."""

    type: Name
    id: Name
    properties: dict[str, Any] = {}


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Section 5.2. A tool's `id` is `<server>/<tool>`."""

    type: Name
    id: Name
    properties: dict[str, Any] = {}


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Section 5.3. Of a tool: its name."""

    name: Name
    properties: dict[str, Any] = {}


class EvaluationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Section 6.1. Of an agent's tool call, `context` holds `mission`, `call_id`, `arguments`, `approval`, and
    `token` with `audience` and `jkt` where a call token is wanted with a permit."""

    subject: Subject
    action: Action
    resource: Resource
    context: dict[str, Any] = {}


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    """One computed fact about the call."""

    kind: FindingKind
    verdict: str
    score: float
    message: str


class RemedyView(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest change that would allow it, and the groups of operators who may lift the denial."""

    message: str
    groups: tuple[str, ...]


class Display(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    description: str


class AccessRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request to a person that an `ask` opened (ARAP draft 1, Requestable Denial Context). Once approved, evaluate
    again with its id, or with the approval that its task shows, as `context.approval`."""

    id: str  # ours: also the id of the task
    endpoint: str | UnsetType = UNSET
    template: str | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET  # RFC 3339
    binding_token: str | UnsetType = UNSET  # to be submitted as it is
    request_schema_url: str | UnsetType = UNSET
    display: Display | UnsetType = UNSET


class ApprovalView(msgspec.Struct, frozen=True, kw_only=True):
    """An approval as a task shows it and a permit that rests on it names it (ARAP, Completion Semantics)."""

    id: str
    approved_until: str  # RFC 3339
    approved_at: str | UnsetType = UNSET


class DecisionContext(msgspec.Struct, frozen=True, kw_only=True):
    """Why, and what the enforcement point has to do."""

    id: str
    outcome: Effect
    call_id: str  # an approval holds for this call id; name it when asking again
    reasons: tuple[Reason, ...]
    findings: tuple[FindingView, ...]
    obligations: tuple[Obligation, ...]
    mode: Mode
    would: Effect | UnsetType = UNSET  # in observe: what enforce would answer
    token: IssuedToken | UnsetType = UNSET  # the call token that was asked for; it is handed out once
    remedy: RemedyView | UnsetType = UNSET
    access_request: AccessRequest | UnsetType = UNSET
    evaluation_id: str | UnsetType = UNSET  # as `id`, by ARAP's name
    reason: str | UnsetType = UNSET  # ARAP's machine-readable code
    next_action: str | UnsetType = UNSET  # after a denial with an approval: request, retry or none
    retry_after: int | UnsetType = UNSET  # seconds
    approval: ApprovalView | UnsetType = UNSET  # that a permit rests on


class EvaluationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Section 6.2: `decision` is all that has to be obeyed."""

    decision: bool
    context: DecisionContext


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a request body. Raises `InvalidInput`."""
    value = parse(body)
    if not isinstance(value, dict):
        raise InvalidInput("expected a JSON object (RFC 8259 section 4)")
    return value


def read_request(value: Any) -> Request:
    """One evaluation as the path takes it. Raises `InvalidInput` naming the member that is missing or wrong."""
    try:
        asked = msgspec.convert(value, EvaluationRequest)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error)) from None
    subject, action, resource, context = asked.subject, asked.action, asked.resource, asked.context
    agent = subject.type == "agent"
    call = agent and resource.type == "tool"
    return Request(
        subject_type=subject.type,
        subject_id=subject.id,
        instance=_text(subject.properties, "instance", "subject.properties.instance") if agent else None,
        action=action.name,
        resource_type=resource.type,
        resource_id=resource.id,
        mission=_text(context, "mission", "context.mission") if agent else None,
        call_id=_text(context, "call_id", "context.call_id") if call else None,
        arguments=_arguments(context) if call else None,
        approval=_approval(context) if call else None,
        token=_token(context) if call else None,
        subject_properties=Unverified(subject.properties),
        action_properties=Unverified(action.properties),
        resource_properties=Unverified(resource.properties),
        context=Unverified(context),
    )


def answer(decision: Decision, principal: Principal) -> EvaluationResponse:
    """The answer for `principal`: an agent sees only a remedy that policy lets it see."""
    remedy = decision.remedy
    asks = decision.effect is Effect.ASK
    shown = remedy is not None and (remedy.disclosable or not isinstance(principal, AgentPrincipal))
    return EvaluationResponse(
        decision=decision.effect is Effect.PERMIT,
        context=DecisionContext(
            id=decision.id,
            outcome=decision.effect,
            call_id=decision.call_id,
            reasons=decision.reasons,
            findings=tuple(
                FindingView(kind=one.kind, verdict=one.verdict, score=one.score, message=one.message)
                for one in decision.findings
            ),
            obligations=decision.obligations,
            mode=decision.mode,
            would=decision.would if decision.would is not None else UNSET,
            token=decision.token if decision.token is not None else UNSET,
            remedy=RemedyView(message=remedy.message, groups=remedy.groups) if shown and remedy else UNSET,
            access_request=AccessRequest(id=decision.approval) if asks and decision.approval else UNSET,
            evaluation_id=decision.id or UNSET,
        ),
    )


def explain(error: msgspec.ValidationError) -> str:
    """msgspec's words in ours: lower-case, with the place as `subject.id`."""
    text = str(error)
    return (text[:1].lower() + text[1:]).replace("`$.", "`")


def _text(members: dict[str, Any], name: str, where: str) -> str | None:
    value = members.get(name)
    if value is None and name not in members:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME:
        raise InvalidInput(
            f"expected `{where}` to be a string of 1 to {MAX_NAME} characters; leave it out if there is none"
        )
    return value


def _approval(context: dict[str, Any]) -> str | None:
    """Its id, or the object that a task's result showed; what else that holds is nothing to go by."""
    value = context.get("approval")
    if isinstance(value, dict):
        return _text(value, "id", "context.approval.id") or _text({"id": ""}, "id", "context.approval.id")
    return _text(context, "approval", "context.approval")


def _token(context: dict[str, Any]) -> TokenRequest | None:
    """`{"audience": …, "jkt": …}`: a call token that is wanted with a permit."""
    value = context.get("token")
    if value is None and "token" not in context:
        return None
    if not isinstance(value, dict) or not value.keys() <= {"audience", "jkt"} or "audience" not in value:
        raise InvalidInput("expected `context.token` to be an object with `audience` and `jkt`")
    audience = _text(value, "audience", "context.token.audience")
    assert audience is not None
    return TokenRequest(audience=audience, jkt=_text(value, "jkt", "context.token.jkt"))


def _arguments(context: dict[str, Any]) -> dict[str, Any] | None:
    value = context.get("arguments")
    if value is None and "arguments" not in context:
        return None
    if not isinstance(value, dict):
        raise InvalidInput("expected `context.arguments` to be an object; leave it out if there are none")
    return value
