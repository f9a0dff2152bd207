"""Facts into what Cedar is asked: entities and typed context.

Everything is built by type: names of entity types and attributes are ours or the operator's, and what callers and tools
wrote stands only where a string or number is expected. Only what the matching policies read is built.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

import msgspec

from remit.policy.declared import Declared
from remit.policy.facts import Facts
from remit.policy.schema import FINDING_TYPES, MISSING, STANDARD, Environment
from remit.policy.scope import Subject, Uid
from remit.policy.types import MAX_DECIMAL, Misfits, Path, Record, decimal_text, entity, extension, to_record
from remit.terms import VERDICTS, AgentState, FindingKind, Mission, ToolState

Verdicts = tuple[str, ...]  # one of each kind of finding, in their order; () when no policy asks
Builder = Callable[[Facts], Any]  # the value of a context attribute, or None to leave it out


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """The principal or resource as Cedar sees it."""

    uid: Uid
    parents: tuple[Uid, ...] = ()
    attributes: Mapping[str, Any] = {}
    dropped: tuple[Path, ...] = ()  # asserted properties that did not fit their declared type


class Inexpressible(ValueError):
    """The request has no form in the schema: a deny that says why."""


def subject_of(principal: Side, environment: Environment, resource: Side) -> Subject:
    action = ("Action", environment.action)
    return Subject(
        principal=principal.uid,
        principals=frozenset((principal.uid, *principal.parents)),
        action=action,
        actions=frozenset((action, *(("Action", group) for group in environment.groups))),
        resource=resource.uid,
        resources=frozenset((resource.uid, *resource.parents)),
    )


def principal_of(facts: Facts, declared: Declared) -> Side:
    if facts.subject_type != "agent":
        return _asserted("subject", facts.subject_type, facts.subject_id, facts.asserted.subject, declared)
    agent = facts.agent
    parents: tuple[Uid, ...] = ()
    state, category, owner = AgentState.DISCOVERED, "", ""
    if agent is not None:
        parents = (("Category", agent.category), *(("AgentGroup", group) for group in agent.groups))
        state, category, owner = agent.state, agent.category, agent.owner
    return Side(
        uid=("Agent", facts.subject_id),
        parents=parents,
        attributes={
            "state": entity("AgentState", state),
            "category": category,
            "owner": owner,
            "registered": agent is not None,
        },
    )


def resource_of(facts: Facts, declared: Declared) -> Side:
    if facts.resource_type != "tool":
        return _asserted("resource", facts.resource_type, facts.resource_id, facts.asserted.resource, declared)
    tool = facts.tool
    server, _, name = (tool.id if tool is not None else facts.resource_id).partition("/")
    return Side(
        uid=("Tool", tool.id if tool is not None else facts.resource_id),
        parents=(("Server", server),),
        attributes={
            "name": name,
            "server": server,
            "state": entity("ToolState", tool.state if tool is not None else ToolState.ACTIVE),
            "registered": tool is not None,
            "outside": tool is None or tool.outside,
            "sure": tool is not None and tool.sure,
        },
    )


def _asserted(side: str, kind: str, name: str, properties: Mapping[str, Any], declared: Declared) -> Side:
    """An entity of a type that the operator declared, with the asserted properties that its type knows."""
    found = declared.entities.get(kind)
    if found is None:
        raise Inexpressible(f"{side} type is not declared; declare it in types.cedarschema")
    if found.ids is not None and name not in found.ids:
        raise Inexpressible(f"{side} id is not one that its enumerated type declares")
    misfits = Misfits()
    attributes = to_record(properties, found.attributes, misfits, ("principal" if side == "subject" else side,))
    if misfits.missing:
        raise Inexpressible(f"{side} properties lack {_listed(misfits.missing)}, which its declared type requires")
    return Side(uid=(kind, name), attributes=attributes, dropped=tuple(misfits.dropped))


def _listed(paths: list[Path]) -> str:
    return ", ".join(".".join(path[1:]) for path in paths)


def entities_json(principal: Side, environment: Environment, resource: Side, verdicts: Verdicts) -> str:
    nodes = [_node(principal), _node(Side(uid=("Action", environment.action), parents=_groups(environment)))]
    if verdicts:
        nodes.append(_node(Side(uid=_findings_uid(verdicts), attributes=_findings(verdicts))))
    if resource.uid != principal.uid:
        nodes.append(_node(resource))
    return msgspec.json.encode(nodes).decode()


def _groups(environment: Environment) -> tuple[Uid, ...]:
    return tuple(("Action", group) for group in environment.groups)


def _node(side: Side) -> dict[str, Any]:
    return {
        "uid": {"type": side.uid[0], "id": side.uid[1]},
        "attrs": side.attributes,
        "parents": [{"type": kind, "id": name} for kind, name in side.parents],
    }


def standard_context(facts: Facts, names: frozenset[str], mission: frozenset[str]) -> dict[str, Any]:
    """The attributes of `STANDARD` among `names`, with the members of the mission that are read.

    Except `dropped`, which the conversion knows.
    """
    context: dict[str, Any] = {}
    for name in names:
        builder = _BUILDERS.get(name)
        if builder is not None:
            value = builder(facts)
            if value is not None:
                context[name] = value
    if "mission" in context:
        context["mission"] = {name: value for name, value in context["mission"].items() if name in mission}
    return context


def asserted_context(facts: Facts, kind: Record, misfits: Misfits) -> dict[str, Any]:
    """What an operator's action takes from the request: its own properties, and named members of the context."""
    own = Record(attributes={name: item for name, item in kind.attributes.items() if name not in STANDARD.attributes})
    values = {**facts.asserted.context, "action": facts.asserted.action, "arguments": facts.arguments}
    context = to_record(values, own, misfits, ("context",))
    if misfits.missing:
        raise Inexpressible(f"context lacks {_listed(misfits.missing)}, which the action's declared type requires")
    return context


def verdicts_of(facts: Facts) -> Verdicts:
    """One verdict of each kind. The worse of two counts; one that nobody defined is as if missing."""
    found = dict(_NOTHING_FOUND)
    worst: dict[FindingKind, int] = {}
    for finding in facts.findings:
        rank = _RANKS.get((finding.kind, finding.verdict), _UNDEFINED)
        if rank >= worst.get(finding.kind, 0):
            worst[finding.kind] = rank
            found[finding.kind] = finding.verdict if rank < _UNDEFINED else MISSING
    return tuple(found.values())


_UNDEFINED = 1000  # worse than any verdict
_RANKS = {(kind, verdict): rank for kind, verdicts in VERDICTS.items() for rank, verdict in enumerate(verdicts)}
_NOTHING_FOUND = dict.fromkeys(FindingKind, MISSING)


def _findings_uid(verdicts: Verdicts) -> Uid:
    return "Findings", "/".join(verdicts)


def _findings(verdicts: Verdicts) -> dict[str, Any]:
    pairs = zip(FindingKind, verdicts, strict=True)
    return {kind.value: entity(FINDING_TYPES[kind], verdict) for kind, verdict in pairs}


def _mission(facts: Facts) -> dict[str, Any] | None:
    mission: Mission | None = facts.mission
    if mission is None:
        return None
    record = {
        "id": mission.id,
        "state": entity("MissionState", mission.state),
        "purpose": mission.purpose,
        "purposes": list(facts.purposes) or [mission.purpose],
        "subject": mission.subject,
        "voucher": entity("Voucher", mission.voucher.kind),
        "depth": mission.depth,
        "derived": mission.parent is not None,
    }
    if mission.bounds.ask_above is not None:
        record["ask_above"] = _money(mission.bounds.ask_above, Decimal(0))
    return record


def _amount(facts: Facts) -> dict[str, Any] | None:
    return None if facts.amount is None else _money(facts.amount, MAX_DECIMAL)


def _money(value: float | Decimal, unreadable: Decimal) -> dict[str, Any]:
    """Rounded up and held at the largest that Cedar can compare: no amount is too large, or too fine, to be checked."""
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if number.is_nan() or number < -MAX_DECIMAL:
        number = unreadable
    elif number > MAX_DECIMAL:
        number = MAX_DECIMAL
    return extension("decimal", decimal_text(number.quantize(Decimal("0.0001"), rounding=ROUND_CEILING)))


def _instance(facts: Facts) -> dict[str, Any]:
    return {
        "integrity": entity("Integrity", facts.label.integrity.name.lower()),
        "confidentiality": entity("Confidentiality", facts.label.confidentiality.name.lower()),
    }


def _approval(facts: Facts) -> dict[str, Any] | None:
    return None if facts.approval_groups is None else {"groups": list(facts.approval_groups)}


def _time(facts: Facts) -> dict[str, Any]:
    moment = datetime.fromtimestamp(facts.now / 1000, UTC)
    return extension("datetime", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


_BUILDERS: dict[str, Builder] = {
    "findings": lambda facts: entity(*_findings_uid(verdicts_of(facts))),
    "mission": _mission,
    "approval": _approval,
    "instance": _instance,
    "amount": _amount,
    "mode": lambda facts: entity("Mode", facts.mode),
    "time": _time,
}
