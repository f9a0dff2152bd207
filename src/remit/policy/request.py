"""Facts into what Cedar is asked: entities and typed context.

Everything is built by type: names of entity types and attributes are ours or the operator's, and what callers and tools
wrote stands only where a string or number is expected. Only what the matching policies read is built.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from remit.policy.declared import Declared
from remit.policy.facts import Facts
from remit.policy.schema import FINDING_TYPES, MISSING, STANDARD, Environment
from remit.policy.scope import Subject, Uid
from remit.policy.types import JSON, MAX_DECIMAL, PLACES, Form, Misfits, Path, Record, to_record
from remit.terms import VERDICTS, AgentState, Confidentiality, FindingKind, Integrity, ToolState

Verdicts = tuple[str, ...]  # one of each kind of finding, in their order, "" for one that is not told; () for none


class Builder:
    """Builds an attribute of the context, None to leave it out, from what lies at `paths` in the facts and no more."""

    def __init__(self, make: Callable[..., Any], *paths: str) -> None:
        self.paths = paths
        self._make = make
        self._look = attrgetter(*paths, "tenant")  # the tenant, so that one path gives a tuple, too

    def __call__(self, facts: Facts, form: Form) -> Any:
        return self._make(form, *self._look(facts)[:-1])


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


def principal_of(facts: Facts, declared: Declared, form: Form = JSON) -> Side:
    if facts.subject_type != "agent":
        return _asserted("subject", facts.subject_type, facts.subject_id, facts.asserted.subject, declared, form)
    agent = facts.agent
    parents: tuple[Uid, ...] = ()
    state, category, owner = AgentState.DISCOVERED, "", ""
    if agent is not None:
        parents = (("Category", agent.category), *(("AgentGroup", text_of(group)) for group in agent.groups))
        state, category, owner = agent.state, agent.category, agent.owner
    return Side(
        uid=("Agent", text_of(facts.subject_id)),
        parents=parents,
        attributes={
            "state": form.entity("AgentState", state),
            "category": text_of(category),
            "owner": text_of(owner),
            "registered": agent is not None,
        },
    )


def resource_of(facts: Facts, declared: Declared, form: Form = JSON) -> Side:
    if facts.resource_type != "tool":
        return _asserted("resource", facts.resource_type, facts.resource_id, facts.asserted.resource, declared, form)
    tool = facts.tool
    identifier = text_of(tool.id if tool is not None else facts.resource_id)
    server, _, name = identifier.partition("/")
    return Side(
        uid=("Tool", identifier),
        parents=(("Server", server),),
        attributes={
            "name": name,
            "server": server,
            "state": form.entity("ToolState", tool.state if tool is not None else ToolState.ACTIVE),
            "registered": tool is not None,
            "outside": tool is None or tool.outside,
            "sure": tool is not None and tool.sure,
        },
    )


def _asserted(side: str, kind: str, name: str, properties: Mapping[str, Any], declared: Declared, form: Form) -> Side:
    """An entity of a type that the operator declared, with the asserted properties that its type knows."""
    found = declared.entities.get(kind)
    if found is None:
        raise Inexpressible(f"{side} type is not declared; declare it in types.cedarschema")
    if found.ids is not None and name not in found.ids:
        raise Inexpressible(f"{side} id is not one that its enumerated type declares")
    misfits = Misfits()
    prefix = ("principal" if side == "subject" else side,)
    attributes = to_record(properties, found.attributes, misfits, prefix, form)
    if misfits.missing:
        raise Inexpressible(f"{side} properties lack {_listed(misfits.missing)}, which its declared type requires")
    return Side(uid=(kind, text_of(name)), attributes=attributes, dropped=tuple(misfits.dropped))


def _listed(paths: list[Path]) -> str:
    return ", ".join(".".join(path[1:]) for path in paths)


def entities_json(principal: Side | None, environment: Environment, resource: Side, verdicts: Verdicts) -> str:
    """All entities of a request; without a principal, those that every agent shares."""
    sides = [Side(uid=("Action", environment.action), parents=_groups(environment))]
    if verdicts:
        sides.append(Side(uid=findings_uid(verdicts), attributes=findings_of(verdicts)))
    if principal is not None:
        sides.append(principal)
    if principal is None or resource.uid != principal.uid:
        sides.append(resource)
    return sides_json(sides)


def sides_json(sides: Iterable[Side]) -> str:
    return msgspec.json.encode([_node(side) for side in sides]).decode()


def _groups(environment: Environment) -> tuple[Uid, ...]:
    return tuple(("Action", group) for group in environment.groups)


def _node(side: Side) -> dict[str, Any]:
    return {
        "uid": {"type": side.uid[0], "id": side.uid[1]},
        "attrs": side.attributes,
        "parents": [{"type": kind, "id": name} for kind, name in side.parents],
    }


def builders(names: frozenset[str], mission: frozenset[str]) -> tuple[tuple[str, Builder], ...]:
    """How the attributes of `STANDARD` among `names` are built, with the members of the mission that are read.

    Except `findings` and `approval`, which the caller has, and `dropped`, which the conversion knows.
    """
    found = {**_BUILDERS, "mission": _Mission(mission)}
    return tuple((name, found[name]) for name in sorted(names) if name in found)


def standard_context(facts: Facts, chosen: tuple[tuple[str, Builder], ...], form: Form = JSON) -> dict[str, Any]:
    context = {}
    for name, builder in chosen:
        value = builder(facts, form)
        if value is not None:
            context[name] = value
    return context


def asserted_context(facts: Facts, kind: Record, misfits: Misfits, form: Form = JSON) -> dict[str, Any]:
    """What an operator's action takes from the request: its own properties, and named members of the context."""
    own = Record(attributes={name: item for name, item in kind.attributes.items() if name not in STANDARD.attributes})
    values = {**facts.asserted.context, "action": facts.asserted.action, "arguments": facts.arguments}
    context = to_record(values, own, misfits, ("context",), form)
    if misfits.missing:
        raise Inexpressible(f"context lacks {_listed(misfits.missing)}, which the action's declared type requires")
    return context


def verdicts_of(facts: Facts) -> Verdicts:
    """One verdict of each kind. The worse of two counts; one that nobody defined is as if missing."""
    return _worst(tuple(map(_kind, facts.findings)), tuple(map(_verdict, facts.findings)))


_kind, _verdict = attrgetter("kind"), attrgetter("verdict")


@lru_cache(maxsize=4096)
def _worst(kinds: tuple[FindingKind, ...], verdicts: tuple[str, ...]) -> Verdicts:
    found, ranks = [MISSING] * len(FindingKind), [-1] * len(FindingKind)
    for kind, verdict in zip(kinds, verdicts, strict=True):
        slot, known = _SLOTS[kind]
        rank = known.get(verdict, _UNDEFINED)
        if rank >= ranks[slot]:
            ranks[slot] = rank
            found[slot] = verdict if rank < _UNDEFINED else MISSING
    return tuple(found)


_UNDEFINED = 1000  # worse than any verdict
_SLOTS = {
    kind: (slot, {verdict: rank for rank, verdict in enumerate(VERDICTS[kind])})
    for slot, kind in enumerate(FindingKind)
}


def findings_uid(verdicts: Verdicts) -> Uid:
    return "Findings", "/".join(verdicts)


def findings_of(verdicts: Verdicts, form: Form = JSON) -> dict[str, Any]:
    pairs = zip(FindingKind, verdicts, strict=True)
    return {kind.value: form.entity(FINDING_TYPES[kind], verdict) for kind, verdict in pairs if verdict}


class _Mission(Builder):
    """The record of a mission, with these members."""

    def __init__(self, members: frozenset[str]) -> None:
        self._chosen = [(name, builder) for name, builder in _MEMBERS.items() if name in members]
        super().__init__(dict, *dict.fromkeys(path for _, builder in self._chosen for path in builder.paths))

    def __call__(self, facts: Facts, form: Form) -> Any:
        if facts.mission is None:
            return None
        built = [(name, builder(facts, form)) for name, builder in self._chosen]
        return {name: value for name, value in built if value is not None}


_MEMBERS = {
    "id": Builder(lambda _, name: text_of(name), "mission.id"),
    "state": Builder(lambda form, state: form.entity("MissionState", state), "mission.state"),
    "purpose": Builder(lambda _, purpose: text_of(purpose), "mission.purpose"),
    "purposes": Builder(
        lambda form, line, purpose: form.items([text_of(name) for name in line or (purpose,)]),
        "purposes",
        "mission.purpose",
    ),
    "subject": Builder(lambda _, subject: text_of(subject), "mission.subject"),
    "voucher": Builder(lambda form, kind: form.entity("Voucher", kind), "mission.voucher.kind"),
    "depth": Builder(lambda _, depth: depth, "mission.depth"),
    "derived": Builder(lambda _, parent: parent is not None, "mission.parent"),
    "ask_above": Builder(lambda form, bound: _decimal(form, bound, Decimal(0)), "mission.bounds.ask_above"),
}


def _decimal(form: Form, value: float | Decimal | None, unreadable: Decimal) -> Any:
    return None if value is None else form.decimal(_money(value, unreadable))


@lru_cache(maxsize=4096, typed=True)
def _money(value: float | Decimal, unreadable: Decimal) -> int:
    """Ten-thousandths, rounded up and held at the most that Cedar can compare: no amount is too large to be checked."""
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if number.is_nan() or number < -MAX_DECIMAL:
        number = unreadable
    elif number > MAX_DECIMAL:
        number = MAX_DECIMAL
    return int(number.scaleb(PLACES).to_integral_value(rounding=ROUND_CEILING))


def _instance(form: Form, integrity: Integrity, confidentiality: Confidentiality) -> dict[str, Any]:
    return {
        "integrity": form.entity("Integrity", integrity.name.lower()),
        "confidentiality": form.entity("Confidentiality", confidentiality.name.lower()),
    }


def approval_of(groups: tuple[str, ...], form: Form = JSON) -> dict[str, Any]:
    return {"groups": form.items([text_of(group) for group in groups])}


def text_of(text: str) -> str:
    """A string that UTF-8 can hold; raises `UnicodeEncodeError`, as encoding it would."""
    if not text.isascii():
        text.encode()
    return text


_BUILDERS = {
    "instance": Builder(_instance, "label.integrity", "label.confidentiality"),
    "amount": Builder(lambda form, amount: _decimal(form, amount, MAX_DECIMAL), "amount"),
    "mode": Builder(lambda form, mode: form.entity("Mode", mode), "mode"),
    "time": Builder(lambda form, now: form.datetime(now), "now"),
}
