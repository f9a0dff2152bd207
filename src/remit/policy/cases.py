"""Tests of policies that people write beside them: `remit policy test FILE`.

A file is a list of cases (JSON) or `[[case]]` tables (TOML). Each is a request in AuthZEN's shape with what Remit would
have found, and what is expected. Everything left out is as good as it can be: a registered, active agent, an active
mission that a person vouched for, the best verdict of every finding. So a case says only what it is about:

    [[case]]
    name = "a payment steered by a mail asks"
    subject = { id = "assistant", groups = ["finance-bots"], category = "office" }
    resource = { id = "bank/pay" }                         # type "tool" unless it says otherwise
    context = { arguments = { amount = 250 }, amount = 250 }
    mission = { purpose = "pay-bills", ask_above = 1000 }  # or `mission = false`
    findings = { grounding = "outsider" }
    expect = "ask"                                         # permit, deny or ask
    policies = ["steered-by-outsider"]                     # optional: exactly these determine it
    groups = ["operators"]                                 # optional: who may lift an ask

subject: type, id, state, groups, category, owner, registered, properties. action: a name or {name, properties}.
resource: type, id, state, properties. context: arguments, amount, mode, now (milliseconds), integrity, confidentiality,
approval ({groups, operators: how many}); other members are what an enforcement point asserted. mission: id, state,
purpose, purposes, subject, voucher, depth, ask_above.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from remit.policy.facts import Asserted, Evaluation, Facts
from remit.policy.policies import PolicySet
from remit.policy.source import printable
from remit.terms import (
    DEFAULT_TENANT,
    VERDICTS,
    Agent,
    AgentState,
    Bounds,
    Budget,
    Confidentiality,
    Effect,
    Finding,
    FindingKind,
    Integrity,
    InvalidInput,
    Label,
    Mission,
    MissionState,
    Mode,
    Tool,
    ToolId,
    ToolState,
    Voucher,
    VoucherKind,
)

T = TypeVar("T")


class _Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Subject(_Shape, frozen=True, kw_only=True):
    type: str = "agent"
    id: str = "agent"
    state: AgentState = AgentState.ACTIVE
    groups: tuple[str, ...] = ()
    category: str = ""
    owner: str = "owner"
    registered: bool = True
    properties: dict[str, Any] = {}


class _Action(_Shape, frozen=True, kw_only=True):
    name: str
    properties: dict[str, Any] = {}


class _Resource(_Shape, frozen=True, kw_only=True):
    id: str
    type: str = "tool"
    state: ToolState | None = None
    properties: dict[str, Any] = {}


class _Approval(_Shape, frozen=True, kw_only=True):
    groups: tuple[str, ...]
    operators: int = 1


class _Context(msgspec.Struct, frozen=True, kw_only=True):  # the rest is asserted
    arguments: dict[str, Any] = {}
    amount: Decimal | float | None = None
    mode: Mode = Mode.ENFORCE
    now: int = 0
    integrity: str = Integrity.VOUCHED.name.lower()
    confidentiality: str = Confidentiality.PUBLIC.name.lower()
    approval: _Approval | None = None


class _Mission(_Shape, frozen=True, kw_only=True):
    id: str = "mission"
    state: MissionState = MissionState.ACTIVE
    purpose: str = "purpose"
    purposes: tuple[str, ...] = ()
    subject: str = "user:somebody"
    voucher: VoucherKind = VoucherKind.PERSON
    depth: int = 0
    ask_above: float | None = None


class _Case(_Shape, frozen=True, kw_only=True):
    expect: Effect
    resource: _Resource
    name: str = ""
    subject: _Subject = _Subject()
    action: _Action | str = ""
    context: dict[str, Any] = {}
    mission: _Mission | bool = True
    findings: dict[FindingKind, str] = {}
    policies: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one case came out."""

    name: str
    passed: bool
    expected: Effect
    actual: Effect
    policies: tuple[str, ...]  # ids of what determined it
    message: str = ""  # why it failed


def run_tests(policy_set: PolicySet, cases: Sequence[Mapping[str, Any]]) -> tuple[CaseResult, ...]:
    """Evaluate every case. Raises `InvalidInput` for a case that cannot be read, naming it and what was expected."""
    return tuple(_run(policy_set, _read(case, number), number) for number, case in enumerate(cases, 1))


def facts_of(policy_set: PolicySet, case: Mapping[str, Any]) -> Facts:
    """The facts of one case, for `remit policy explain`; `expect` may be left out."""
    return _facts(policy_set, _read({"expect": "permit", **case}, 1), "case 1")


def _read(case: object, number: int) -> _Case:
    try:
        return msgspec.convert(case, _Case, strict=True)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise InvalidInput(
            f"case {number}: {printable(str(error))}; correct it as docs/policies.md describes"
        ) from None


def _run(policy_set: PolicySet, case: _Case, number: int) -> CaseResult:
    name = printable(case.name, 200) or f"case {number}"
    facts = _facts(policy_set, case, name)
    evaluation = policy_set.evaluate(facts)
    groups = policy_set.ask_groups(facts, evaluation)
    actual = Effect.PERMIT if evaluation.allowed else Effect.DENY if groups is None else Effect.ASK
    ids = tuple(policy.id for policy in evaluation.policies)
    message = "; ".join(_differences(case, actual, ids, groups, evaluation))
    return CaseResult(name=name, passed=not message, expected=case.expect, actual=actual, policies=ids, message=message)


def _differences(
    case: _Case, actual: Effect, ids: tuple[str, ...], groups: tuple[str, ...] | None, evaluation: Evaluation
) -> list[str]:
    found = []
    if actual != case.expect:
        why = ", ".join((*ids, *evaluation.errors)) or "no policy permits it"
        found.append(f"expected {case.expect}, got {actual} ({why})")
    if case.policies is not None and set(case.policies) != set(ids):
        found.append(f"expected the policies {_listed(case.policies)}, got {_listed(ids)}")
    if case.groups is not None and set(case.groups) != set(groups or ()):
        found.append(f"expected the groups {_listed(case.groups)}, got {_listed(groups or ())}")
    return found


def _listed(names: Sequence[str]) -> str:
    return printable(", ".join(sorted(names))) or "none"


def _facts(policy_set: PolicySet, case: _Case, name: str) -> Facts:
    try:
        context = msgspec.convert(case.context, _Context)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{name}: context: {printable(str(error))}") from None
    action = case.action if isinstance(case.action, _Action) else _Action(name=case.action)
    mission = _mission(case)
    return Facts(
        tenant=DEFAULT_TENANT,
        subject_type=case.subject.type,
        subject_id=case.subject.id,
        agent=_agent(case.subject),
        action=action.name or case.resource.id.partition("/")[2],
        resource_type=case.resource.type,
        resource_id=case.resource.id,
        tool=_tool(policy_set, case.resource),
        arguments=context.arguments,
        mission=mission,
        purposes=_purposes(case, mission),
        label=Label(
            integrity=_level(Integrity, context.integrity, f"{name}: context.integrity"),
            confidentiality=_level(Confidentiality, context.confidentiality, f"{name}: context.confidentiality"),
        ),
        findings=_findings(case, name),
        amount=context.amount,
        approval_groups=None if context.approval is None else context.approval.groups,
        approvals=1 if context.approval is None else context.approval.operators,
        mode=context.mode,
        now=context.now,
        asserted=Asserted(
            subject=case.subject.properties,
            action=action.properties,
            resource=case.resource.properties,
            context={key: value for key, value in case.context.items() if key not in _Context.__struct_fields__},
        ),
    )


def _level(kind: type[T], name: str, where: str) -> T:
    levels = {level.name.lower(): level for level in kind}  # type: ignore[attr-defined]
    if name not in levels:
        raise InvalidInput(f"{where}: expected one of {', '.join(levels)}, got `{printable(name, 60)}`")
    return levels[name]  # type: ignore[no-any-return]


def _agent(subject: _Subject) -> Agent | None:
    if subject.type != "agent" or not subject.registered:
        return None
    return Agent(
        tenant=DEFAULT_TENANT,
        id=subject.id,  # type: ignore[arg-type]
        name=subject.id,
        owner=subject.owner,
        category=subject.category,
        state=subject.state,
        groups=subject.groups,
        created=0,
    )


def _tool(policy_set: PolicySet, resource: _Resource) -> Tool | None:
    if resource.type != "tool":
        return None
    tool = policy_set.tools.get(ToolId(resource.id))
    if tool is None or resource.state is None:
        return tool
    return msgspec.structs.replace(tool, state=resource.state)


def _mission(case: _Case) -> Mission | None:
    wanted = _Mission() if case.mission is True else case.mission
    if not isinstance(wanted, _Mission) or case.subject.type != "agent":
        return None
    return Mission(
        tenant=DEFAULT_TENANT,
        id=wanted.id,  # type: ignore[arg-type]
        agent=case.subject.id,  # type: ignore[arg-type]
        subject=wanted.subject,
        purpose=wanted.purpose,  # type: ignore[arg-type]
        voucher=Voucher(kind=wanted.voucher, by=wanted.subject),
        bounds=Bounds(ask_above=wanted.ask_above),
        budget=Budget(),
        depth=wanted.depth,
        goal_commitment="",
        authority_hash="",
        state=wanted.state,
        opened=0,
        expires=0,
    )


def _purposes(case: _Case, mission: Mission | None) -> tuple[str, ...]:
    listed = case.mission.purposes if isinstance(case.mission, _Mission) else ()
    return () if mission is None else (mission.purpose, *listed)


def _findings(case: _Case, name: str) -> tuple[Finding, ...]:
    """Best verdicts, then what the case says; without a mission, `authority` and `budget` have none to rest on."""
    verdicts = {kind: known[0] for kind, known in VERDICTS.items()}
    if case.mission is False or case.subject.type != "agent":
        verdicts |= {FindingKind.AUTHORITY: "none", FindingKind.BUDGET: "none"}
    for kind, verdict in case.findings.items():
        if verdict not in VERDICTS[kind]:
            known = ", ".join(VERDICTS[kind])
            raise InvalidInput(f"{name}: findings.{kind}: expected one of {known}, got `{printable(verdict, 60)}`")
    verdicts |= case.findings
    return tuple(Finding(kind=kind, verdict=verdict) for kind, verdict in verdicts.items())
