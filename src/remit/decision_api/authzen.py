"""AuthZEN Authorization API 1.0 (final), section 5: a claim on the wire becomes a `Request`, a `Decision` an answer.

Nothing is believed here. Properties of agents and tools are dropped by the path; those of other subjects and resources
count only as far as the enforcement point may assert them. The answer quotes no evidence: quotes are what agents and
tools wrote, and whoever reads an answer may be a model.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from remit.terms import (
    AgentPrincipal,
    Decision,
    Effect,
    Finding,
    FindingKind,
    InvalidInput,
    IssuedToken,
    Mode,
    Obligation,
    Plain,
    Principal,
    Reason,
    Request,
    TokenRequest,
    Unverified,
    parse,
    reader,
)

MAX_NAME = 2048  # characters of a type, id or name: as long as the longest URL that is in use
Name = Annotated[str, Meta(max_length=MAX_NAME)]
Given = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]  # a member that may be left out, and may not be empty


_SHOWN = 2048  # findings that are kept as they are shown
_shown: dict[int, msgspec.Raw] = {}  # by the finding's identity, which is its own while it is in
_kept: list[Finding] = []
_encode = msgspec.json.Encoder().encode
_FINDING = {"$ref": "#/components/schemas/FindingView"}
_NOTHING = Unverified({})
_ASK, _PERMIT = Effect.ASK, Effect.PERMIT  # read once: the look-up costs more than the use


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


class Exact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is read at once has these members and no others."""


class Running(Exact, frozen=True, kw_only=True):
    instance: Given | None = None


class Caller(Exact, frozen=True, kw_only=True):
    type: Literal["agent"]
    id: Name
    properties: Running = Running()


class Called(Exact, frozen=True, kw_only=True):
    type: Literal["tool"]
    id: Name


class Named(Exact, frozen=True, kw_only=True):
    name: Name


class Wanted(Exact, frozen=True, kw_only=True):
    audience: Given
    jkt: Given | None = None


class Circumstances(Exact, frozen=True, kw_only=True):
    mission: Given | None = None
    call_id: Given | None = None
    arguments: dict[str, Plain] | None = None
    approval: Given | None = None
    token: Wanted | None = None


NOWHERE = Circumstances()


class ToolCall(Exact, frozen=True, kw_only=True):
    """An `EvaluationRequest` as nearly all are: an agent's tool call with the members that count and no others.

    Read from a body in one step. Whatever is otherwise is read as `EvaluationRequest`, with the same outcome.
    """

    subject: Caller
    action: Named
    resource: Called
    context: Circumstances = NOWHERE


Asked = ToolCall | dict[str, Any]  # one evaluation as it was sent
_read_call = reader(ToolCall)


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
    findings: tuple[Annotated[msgspec.Raw, Meta(extra_json_schema=_FINDING)], ...]  # each a `FindingView`, encoded
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


def read_asked(body: bytes) -> Asked:
    """One evaluation of a request body. Raises `InvalidInput`."""
    return _read_call(body) or read_object(body)


def as_sent(asked: Asked) -> dict[str, Any]:
    """The members of an evaluation as its sender wrote them."""
    value: dict[str, Any] = msgspec.to_builtins(asked)
    return value


def read_request(asked: Asked) -> Request:
    """One evaluation as the path takes it. Raises `InvalidInput` naming the member that is missing or wrong."""
    return _call(asked) if isinstance(asked, ToolCall) else _any(asked)


def _call(asked: ToolCall) -> Request:
    subject, resource, context = asked.subject, asked.resource, asked.context
    token = context.token
    return Request(
        subject_type=subject.type,
        subject_id=subject.id,
        instance=subject.properties.instance,
        action=asked.action.name,
        resource_type=resource.type,
        resource_id=resource.id,
        mission=context.mission,
        call_id=context.call_id,
        arguments=context.arguments,
        approval=context.approval,
        token=None if token is None else TokenRequest(audience=token.audience, jkt=token.jkt),
    )


def _any(value: dict[str, Any]) -> Request:
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
        # of a call nobody may assert anything
        subject_properties=_NOTHING if call else Unverified(subject.properties),
        action_properties=_NOTHING if call else Unverified(action.properties),
        resource_properties=_NOTHING if call else Unverified(resource.properties),
        context=_NOTHING if call else Unverified(context),
    )


def answer(decision: Decision, principal: Principal) -> EvaluationResponse:
    """The answer for `principal`: an agent sees only a remedy that policy lets it see."""
    effect, remedy = decision.effect, decision.remedy
    told = remedy is not None and (remedy.disclosable or not isinstance(principal, AgentPrincipal))
    return EvaluationResponse(
        decision=effect is _PERMIT,
        context=DecisionContext(
            id=decision.id,
            outcome=effect,
            call_id=decision.call_id,
            reasons=decision.reasons,
            findings=tuple([_shown.get(id(one)) or _show(one) for one in decision.findings]),
            obligations=decision.obligations,
            mode=decision.mode,
            would=UNSET if decision.would is None else decision.would,
            token=UNSET if decision.token is None else decision.token,
            remedy=RemedyView(message=remedy.message, groups=remedy.groups) if told and remedy else UNSET,
            access_request=AccessRequest(id=decision.approval) if effect is _ASK and decision.approval else UNSET,
            evaluation_id=decision.id or UNSET,
        ),
    )


def _show(finding: Finding) -> msgspec.Raw:
    """What is shown of a finding, written once: most are constants, or the same for one mission."""
    view = FindingView(kind=finding.kind, verdict=finding.verdict, score=finding.score, message=finding.message)
    shown = msgspec.Raw(_encode(view))
    if len(_kept) >= _SHOWN:
        _shown.clear()
        _kept.clear()
    _kept.append(finding)
    _shown[id(finding)] = shown
    return shown


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
