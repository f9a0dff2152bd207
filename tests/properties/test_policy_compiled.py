"""Any facts: compiled policies and the reference give the same evaluation, and the same lift."""

import os
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.decision import confirm
from remit.policy import Asserted, Facts, PolicySet, default_pack, facts_of, load
from remit.policy.reference import Reference
from remit.terms import (
    DEFAULT_TENANT,
    VERDICTS,
    Agent,
    AgentId,
    AgentState,
    Confidentiality,
    Finding,
    FindingKind,
    Integrity,
    Label,
    MissionState,
    OperationClass,
    ServerId,
    Tool,
    ToolState,
    VoucherKind,
)

SCHEMA = {
    "type": "object",
    "properties": {
        "to": {"type": "string"},
        "amount": {"type": "number"},
        "count": {"type": "integer"},
        "sure": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "sums": {"type": "array", "items": {"type": "number"}},
        "inner": {"type": "object", "properties": {"id": {"type": "integer"}, "a b": {"type": "string"}}},
    },
}
CLASSES = [(), *((name,) for name in OperationClass), (OperationClass.READ, OperationClass.COMMUNICATE)]
TOOLS = [
    Tool(
        tenant=DEFAULT_TENANT,
        server=ServerId(f"s{number % 2}"),
        name=f"t{number}",
        description="",
        input_schema=SCHEMA,
        definition_hash=str(number),
        classes=classes,
    )
    for number, classes in enumerate(CLASSES)
]
LIFT = "unless { context has approval && context.approval.groups"
EXTRA = f"""
@id("large") @ask("finance") @approvals("2") forbid (principal, action in Action::"class:transfer", resource)
when {{ context has amount && context.amount.greaterThan(decimal("9.0")) }} {LIFT}.contains("finance") }};
@id("typed") @ask("operators,finance") forbid (principal, action == Action::"s1/t5", resource is Tool in Server::"s1")
when {{ context.arguments has amount && context.arguments.amount.lessThanOrEqual(decimal("12.5")) }}
{LIFT}.containsAny(["operators", "finance"]) }};
@id("both") @ask("finance") forbid (principal in AgentGroup::"bots", action, resource)
when {{ context.mode == Mode::"enforce" && context.time >= datetime("2026-01-01") }} {LIFT}.contains("finance") }};
@id("inner") forbid (principal, action == Action::"s0/t6", resource)
when {{ context.arguments has inner.id && context.arguments.inner.id * 3037000500 > 9 }};
@id("tags") forbid (principal is Agent, action in [Action::"s0/t4", Action::"s1/t7"], resource)
when {{ context.arguments has tags && context.arguments.tags.containsAny(["x", ""]) }};
@id("sums") forbid (principal, action == Action::"s0/t4", resource)
when {{ context.arguments has sums && context.arguments.sums.contains(decimal("0.1")) }};
@id("like") forbid (principal == Agent::"agent", action == Action::"s1/t3", resource == Tool::"s1/t3")
when {{ context.arguments has to && context.arguments.to like "*@*" && principal.category != "" }};
@id("dropped") permit (principal, action == Action::"s0/t8", resource) when {{ !context.dropped.contains("count") }};
@id("label") forbid (principal, action in Action::"class:communicate", resource)
when {{ context.instance.integrity == Integrity::"outside" && context.instance has confidentiality }};
@id("owner") forbid (principal is Agent, action in Action::"class:read", resource) when {{ principal.owner == "x" }};
@id("staff") forbid (principal, action in Action::"class:create", resource) when {{ principal in AgentGroup::"staff" }};
@id("named") forbid (principal, action in Action::"class:update", resource)
when {{ Agent::"agent" has category && Agent::"agent".category == "office" }};
@id("bounded") forbid (principal, action in Action::"class:delete", resource)
when {{ context has mission && context.mission has ask_above && context.mission.ask_above.lessThan(decimal("9.0")) }};
@id("found") forbid (principal, action in Action::"class:delete", resource)
when {{ context.findings == Findings::"within/goal/clear/fits/within/first/within" }};
"""
PACK = load(
    {**default_pack(), "extra.cedar": EXTRA},
    tools=TOOLS,
    groups=("operators", "finance"),
)
DISTRUSTED = PACK.with_tools(TOOLS)
DISTRUSTED.distrust("so that the reference answers")

NUMBERS = st.one_of(
    st.sampled_from([0, 1, 3, 12.5, 12.50001, 0.1, -0.5, 9.0, 9.00001, 2**63, -(2**63), 1e300, 1e11, 99999999999.9999]),
    st.floats(),
    st.integers(),
    st.floats(-20, 20).map(lambda number: round(number, 4)),
)
TEXT = st.one_of(st.sampled_from(["", "x", "ann@x.org", "\ud800", "é", '"'] ), st.text(max_size=8))  # fmt: skip
ANYTHING = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT, st.lists(st.one_of(TEXT, NUMBERS), max_size=3))
ARGUMENTS = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "to": TEXT,
            "amount": NUMBERS,
            "count": st.integers(),
            "sure": st.booleans(),
            "tags": st.lists(TEXT, max_size=3),
            "sums": st.lists(NUMBERS, max_size=3),
            "inner": st.fixed_dictionaries({}, optional={"id": st.integers(), "a b": TEXT}),
        },
    ),
    st.dictionaries(st.sampled_from(sorted(SCHEMA["properties"])), ANYTHING, max_size=4),
)
AGENTS = st.builds(
    Agent,
    tenant=st.just(DEFAULT_TENANT),
    id=st.sampled_from(["agent", "other"]).map(AgentId),
    name=st.just("n"),
    owner=TEXT,
    category=st.sampled_from(["", "office", "é"]),
    state=st.sampled_from(AgentState),
    groups=st.lists(st.sampled_from(["bots", "staff"]), max_size=2, unique=True).map(tuple),
    created=st.just(0),
)
GOOD = facts_of(PACK, {"resource": {"id": "s0/t0"}})
BEST = {finding.kind: finding.verdict for finding in GOOD.findings}


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    verdicts = dict(BEST)
    for kind, rank in draw(st.dictionaries(st.sampled_from(FindingKind), st.integers(0, 8), max_size=2)).items():
        known = (*VERDICTS[kind], "nonsense")
        verdicts[kind] = known[rank % len(known)]
    tool = draw(st.sampled_from(TOOLS))
    if draw(st.integers(0, 9)) == 0:
        tool = msgspec.structs.replace(tool, state=ToolState.QUARANTINED, definition_hash=draw(TEXT))
    agent = draw(AGENTS)
    assert GOOD.mission is not None
    bounds = msgspec.structs.replace(GOOD.mission.bounds, ask_above=draw(st.one_of(st.none(), st.floats(0, 20))))
    mission = msgspec.structs.replace(
        GOOD.mission,
        bounds=bounds,
        state=draw(st.sampled_from([MissionState.ACTIVE, *MissionState])),
        voucher=msgspec.structs.replace(GOOD.mission.voucher, kind=draw(st.sampled_from(VoucherKind))),
    )
    return Facts(
        tenant=DEFAULT_TENANT,
        subject_id=agent.id,
        agent=draw(st.sampled_from([agent, agent, agent, None])),
        action=tool.name,
        resource_id=tool.id,
        tool=draw(st.sampled_from([tool, tool, tool, None])),
        arguments=draw(ARGUMENTS),
        mission=draw(st.sampled_from([mission, mission, mission, None])),
        label=Label(integrity=draw(st.sampled_from(Integrity)), confidentiality=draw(st.sampled_from(Confidentiality))),
        findings=tuple(Finding(kind=kind, verdict=verdict) for kind, verdict in verdicts.items()),
        amount=draw(st.one_of(st.none(), NUMBERS, st.sampled_from([Decimal("9.00001"), Decimal("sNaN")]))),
        approval_groups=draw(st.sampled_from([None, None, (), ("operators",), ("finance", "operators"), ("\ud800",)])),
        approvals=draw(st.integers(0, 3)),
        now=draw(st.one_of(st.integers(0, 4_000_000_000_000), st.integers())),
    )


@settings(
    max_examples=10_000 if os.environ.get("REMIT_LONG") else 400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(facts())
def test_any_facts_are_answered_and_lifted_alike(request: Facts) -> None:
    found = PACK.evaluate(request)
    assert found == PACK.reference(request)
    anew = Reference(PACK._world).evaluate(request, request.approval_groups)
    assert PACK._reference.evaluate(request, request.approval_groups) == anew
    assert confirm(PACK, request, found) is None
    assert PACK.lift(request, found) == DISTRUSTED.lift(request, found)


TYPES = """
entity user = { role?: String, level?: Long, since?: datetime, net?: ipaddr, left?: duration, boss?: user };
entity record = { status: String, owner?: user, parts?: Set<Long>, meta?: { size: decimal } };
action look, change appliesTo { principal: [user, Agent], resource: [record, user],
  context: { findings: Findings, action?: { soft?: Bool }, net?: ipaddr, deadline?: datetime, ids?: Set<String> } };
"""
OWN = load(
    {
        "own.cedar": """
@id("role") permit (principal is user, action, resource) when { principal has role && principal.role like "adm*" };
@id("owner") permit (principal, action in [Action::"look", Action::"change"], resource is record)
when { resource has owner && resource.owner == principal };
@id("boss") permit (principal is user, action == Action::"look", resource is user)
when { resource has boss && resource.boss == principal && resource.boss has role };
@id("net") forbid (principal, action == Action::"change", resource)
when { context has net && (!context.net.isInRange(ip("10.0.0.0/8")) || context.net.isLoopback()) };
@id("late") forbid (principal, action, resource)
when { context has deadline && context.deadline.offset(duration("1h")) < datetime("2026-06-01T00:00:00Z") };
@id("many") forbid (principal, action, resource is record)
when { resource has parts && (resource.parts.contains(7) || resource.parts.isEmpty()) };
@id("size") forbid (principal, action, resource is record)
when { resource has meta.size && resource.meta.size.greaterThan(decimal("1.5")) };
@id("left") forbid (principal is user, action, resource)
when { principal has left && principal.left.toHours() > 5 && principal has level && principal.level + 1 > 3 };
@id("soft") permit (principal, action == Action::"change", resource)
when { context has action.soft && context.action.soft && context has ids && context.ids.containsAll(["a"]) };
"""
    },
    extra_schema=TYPES,
)
ODD = st.one_of(ANYTHING, st.sampled_from([
    "adm", "u", "10.1.2.3", "10.0.0.0/8", "127.0.0.1", "::1", "1::", "10.0.0.1/08", "2026-05-31T23:00:00Z",
    "2026-01-01", "2026-01-01T00:00:00", "6h", "-1d", "90m", "1h1d", [7], [], ["a", "b"], {"size": 1.5},
    {"size": 2}, {"size": 1e-9},
    {"soft": True}, {"soft": "x"}, {"__entity": {"type": "user", "id": "u"}}, 2**63 - 1,
]))  # fmt: skip


def _some(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), ODD, max_size=4)


@settings(max_examples=5_000 if os.environ.get("REMIT_LONG") else 400, deadline=None)
@given(
    st.sampled_from(["user", "user", "agent", "record"]),
    st.sampled_from(["record", "user", "tool"]),
    st.sampled_from(["look", "change", "else"]),
    st.tuples(_some("role", "level", "since", "net", "left", "boss"),
              _some("status", "owner", "parts", "meta", "boss", "role"),
              _some("net", "deadline", "ids"), _some("soft")),
)  # fmt: skip
def test_any_assertions_are_answered_alike(
    subject: str, resource: str, action: str, said: tuple[dict[str, Any], ...]
) -> None:
    request = Facts(
        tenant=DEFAULT_TENANT,
        subject_type=subject,
        subject_id="u",
        action=action,
        resource_type=resource,
        resource_id="u",
        asserted=Asserted(subject=said[0], resource={"status": "x", **said[1]}, context=said[2], action=said[3]),
    )
    assert OWN.evaluate(request) == OWN.reference(request)


def test_requests_are_answered_by_compiled_policies_and_not_all_by_the_reference() -> None:
    """What would make the two properties above say nothing."""
    for chosen, request in ((PACK, GOOD), (OWN, _look())):
        prepared = chosen._fast.prepare(request)
        assert prepared is not None
        assert prepared.ask(None) is not None
    assert _compiled(PACK) == len(PACK.policies)
    assert _compiled(OWN) == len(OWN.policies)


def _look() -> Facts:
    asserted = Asserted(subject={"role": "admin"}, resource={"status": "x"})
    return Facts(
        tenant=DEFAULT_TENANT, subject_type="user", subject_id="a", action="look", resource_type="record",
        resource_id="r", asserted=asserted,
    )  # fmt: skip


def _compiled(chosen: PolicySet) -> int:
    return sum(policy.condition is not None for policy in chosen._world.policies)
