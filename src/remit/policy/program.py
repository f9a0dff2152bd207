"""What the fast path is made of: values, the two sides of a request, and the compiled rules that meet there."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from remit.policy.compiled import Condition, Erred, Node, Uid
from remit.policy.compiled.extensions import CONSTRUCTORS, Datetime, Decimal
from remit.policy.compiled.values import key
from remit.policy.facts import Evaluation, Facts
from remit.policy.request import Side, verdicts_of
from remit.policy.schema import RISKY, Environment
from remit.policy.slices import Policy, Slice
from remit.policy.types import Form
from remit.terms import Agent, Tool

_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999  # the years 1 to 9999, as the reference writes them
Rule = tuple[Policy, Condition]


def _datetime(milliseconds: int) -> Datetime:
    if not _FIRST <= milliseconds <= _LAST:
        raise Erred
    return Datetime(ms=milliseconds)


@lru_cache(maxsize=4096)
def _constructed(function: str, argument: str) -> Any:
    return CONSTRUCTORS[function](argument)


VALUES = Form(
    entity=lambda kind, name: (kind, name),
    decimal=lambda ticks: Decimal(ticks=ticks),
    datetime=_datetime,
    extension=_constructed,
    items=lambda items: frozenset(map(key, items)),
)


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The principal's side of a request."""

    agent: Agent | None
    side: Side
    node: Node
    above: frozenset[Uid]  # itself included
    known: tuple[str, frozenset[Uid]]  # its type, and those of `above` that scopes name: what decides what it meets
    seen: dict[tuple[str, ...] | None, object] = {}  # by names of attributes, what rules see that read these


class Site:
    """The action's and the resource's side of a request, and what each kind of actor meets there."""

    def __init__(self, tool: Tool | None, environment: Environment, side: Side) -> None:
        self.tool = tool
        self.environment = environment
        self.side = side
        self.risky = RISKY in environment.groups
        self.action = ("Action", environment.action)
        self.actions = frozenset((self.action, *(("Action", group) for group in environment.groups)))
        self.above = frozenset((side.uid, *side.parents))
        self.node = Node(attributes=side.attributes, ancestors=frozenset(side.parents))
        self.programs: dict[object, Program | None] = {}


class Rules:
    """Some of the rules of a slice."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.permits = [(condition, policy.ref) for policy, condition in rules if not policy.statement.forbids]
        self.forbids = [(condition, policy.ref) for policy, condition in rules if policy.statement.forbids]

    def answer(self, given: "Given") -> Evaluation:
        forbids = [ref for condition, ref in self.forbids if condition(*given)]
        permits = [ref for condition, ref in self.permits if condition(*given)]
        if forbids:
            return Evaluation(allowed=False, policies=tuple(forbids))
        return Evaluation(allowed=bool(permits), policies=tuple(permits))


class Program:
    """The rules of a slice at one site: those whose answer recurs, and those that look at the call itself."""

    def __init__(self, part: Slice, environment: Environment, rules: Sequence[Rule]) -> None:
        steady = [rule for rule in rules if rule[0].conditions.recurs and not environment.own]
        varying = [rule for rule in rules if not rule[0].conditions.recurs or environment.own]
        self.part = part
        self.every = Rules(rules)
        self.steady = Rules(steady)
        self.varying = Rules(varying) if varying else None
        read = Slice(environment, tuple(policy for policy, _ in steady))
        self._finds = "findings" in read.context
        paths = dict.fromkeys(path for _, builder in read.builders for path in builder.paths)
        self._look = attrgetter(*paths, "tenant")
        self._look_without_mission = attrgetter(*(path for path in paths if path[:8] != "mission."), "tenant")
        self._traits = read.traits
        self._order = {policy.ref.id: place for place, (policy, _) in enumerate(rules)}

    def place(self, facts: Facts, actor: Actor) -> object:
        """All that a steady rule can see of a request without an approval, but for the site, which is the program's."""
        traits = actor.seen.get(self._traits)
        if traits is None:
            traits = actor.seen[self._traits] = self._of(actor)
        missing = facts.mission is None
        look = self._look_without_mission if missing else self._look
        return self, traits, missing, look(facts), verdicts_of(facts) if self._finds else None

    def _of(self, actor: Actor) -> object:
        attributes = actor.side.attributes
        if self._traits is None:
            return actor.side.uid, actor.above, tuple(attributes.items())
        return tuple([attributes.get(name) for name in self._traits])  # None: agents have no such attribute

    def joined(self, one: Evaluation, other: Evaluation) -> Evaluation:
        """What both parts answer together."""
        if not other.policies:
            return one
        if not one.policies:
            return other
        if one.allowed != other.allowed:
            return other if one.allowed else one
        both = sorted((*one.policies, *other.policies), key=lambda ref: self._order[ref.id])
        return Evaluation(allowed=one.allowed, policies=tuple(both))


class Request:
    """What the rules are asked about: `compiled.Request`."""

    __slots__ = ("action", "actions", "actor", "findings", "principal", "principals", "resource", "resources", "site")

    def __init__(self, actor: Actor, site: Site, findings: tuple[Uid, dict[str, Uid]] | None) -> None:
        self.actor = actor
        self.site = site
        self.findings = findings
        self.principal = actor.side.uid
        self.principals = actor.above
        self.action = site.action
        self.actions = site.actions
        self.resource = site.side.uid
        self.resources = site.above

    def find(self, uid: Uid, /) -> Node | None:
        if uid == self.principal:
            return self.actor.node
        if uid == self.resource:
            return self.site.node
        if uid == self.action:
            return Node(ancestors=self.actions - {self.action})
        if self.findings is not None and uid == self.findings[0]:
            return Node(attributes=self.findings[1])
        return None


# What a condition takes: the attributes of the context, of the findings, of the principal, of the resource; the rest.
Given = tuple[dict[str, Any], dict[str, Uid] | None, Mapping[str, Any], Mapping[str, Any], Request]
