"""The fast path: facts as Python values, and the compiled policies that they meet.

What belongs to a tool or an agent is worked out once and kept by the identity of the record: hot state hands out the
same one until it changes, and a changed one is another. Only what the slice reads of a request is built.

Whatever does not go smoothly here (an error of a policy, a value that does not fit its type, a text that UTF-8 cannot
hold) is None: the reference then answers, and names the error in its words and in Cedar's.
"""

from functools import lru_cache
from typing import Any

import msgspec

from remit.policy.compiled import Condition, Erred, Node, Uid
from remit.policy.compiled.extensions import CONSTRUCTORS, Datetime, Decimal
from remit.policy.compiled.values import key
from remit.policy.facts import Evaluation, Facts, PolicyRef
from remit.policy.request import (
    Side,
    Verdicts,
    findings_of,
    findings_uid,
    principal_of,
    resource_of,
    verdicts_of,
)
from remit.policy.schema import Environment
from remit.policy.slices import Slice
from remit.policy.types import Form, Misfits
from remit.policy.world import CACHED, World, approved, context_of, keep
from remit.terms import Agent, Tool

_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999  # the years 1 to 9999, as the reference writes them
_NOTHING = Node()
Rules = tuple[tuple[Condition, PolicyRef], ...]


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


class _Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The principal's side of a request."""

    agent: Agent | None
    side: Side
    node: Node
    above: frozenset[Uid]  # itself included
    known: tuple[str, frozenset[Uid]]  # its type, and those of `above` that scopes name: what decides what it meets


class _Site:
    """The action's and the resource's side of a request, and what each kind of actor meets there."""

    def __init__(self, tool: Tool | None, environment: Environment, side: Side) -> None:
        self.tool = tool
        self.environment = environment
        self.side = side
        self.action = ("Action", environment.action)
        self.actions = frozenset((self.action, *(("Action", group) for group in environment.groups)))
        self.above = frozenset((side.uid, *side.parents))
        self.node = Node(attributes=side.attributes, ancestors=frozenset(side.parents))
        self.programs: dict[object, _Program | None] = {}


class _Program:
    """The rules of a slice."""

    def __init__(self, part: Slice, permits: Rules, forbids: Rules) -> None:
        self.part = part
        self.permits = permits
        self.forbids = forbids


class _Request:
    """What the rules are asked about: `compiled.Request`."""

    __slots__ = ("action", "actions", "actor", "findings", "principal", "principals", "resource", "resources", "site")

    def __init__(self, actor: _Actor, site: _Site, findings: tuple[Uid, dict[str, Uid]] | None) -> None:
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


class Prepared:
    """One request, ready to be asked about with or without an approval."""

    __slots__ = ("context", "program", "request")

    def __init__(self, program: _Program, context: dict[str, Any], request: _Request) -> None:
        self.program = program
        self.context = context
        self.request = request

    def ask(self, groups: tuple[str, ...] | None) -> Evaluation | None:
        """The answer if these groups had approved; None when the reference has to give it."""
        program, request = self.program, self.request
        try:
            context = approved(self.context, program.part, groups, VALUES)
            findings = None if request.findings is None else request.findings[1]
            given = (context, findings, request.actor.node.attributes, request.site.node.attributes, request)
            forbids = [ref for condition, ref in program.forbids if condition(*given)]
            permits = [ref for condition, ref in program.permits if condition(*given)]
        except Exception:  # a policy that errs; and a defect here must deny no more than that
            return None
        if forbids:
            return Evaluation(allowed=False, policies=tuple(forbids))
        return Evaluation(allowed=bool(permits), policies=tuple(permits))


class Fast:
    """Compiled policies over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sites: dict[object, _Site] = {}
        self._actors: dict[object, _Actor] = {}

    def prepare(self, facts: Facts) -> Prepared | None:
        """None when the reference has to answer."""
        try:
            return self._prepare(facts)
        except Exception:  # as in `Prepared.ask`
            return None

    def _prepare(self, facts: Facts) -> Prepared | None:
        actor, site = self._actor(facts), self._site(facts)
        program = site.programs.get(actor.known, self)  # self: not worked out yet
        if program is self:
            program = self._program(actor, site)
            keep(site.programs, actor.known, program, CACHED)
        if not isinstance(program, _Program):
            return None
        part = program.part
        misfits = Misfits(dropped=[*actor.side.dropped, *site.side.dropped])
        context = context_of(facts, site.environment, part, misfits, VALUES)
        findings = None
        if "findings" in part.context:
            findings = _findings(verdicts_of(facts))
            context["findings"] = findings[0]
        if misfits.dropped and part.unread(misfits.dropped) is not None:
            return None
        return Prepared(program, context, _Request(actor, site, findings))

    def _actor(self, facts: Facts) -> _Actor:
        agent = facts.agent
        if facts.subject_type != "agent" or agent is None:
            return self._new_actor(facts)
        found = self._actors.get(id(agent))
        if found is None or found.agent is not agent or found.side.uid[1] != facts.subject_id:
            found = self._new_actor(facts)
            keep(self._actors, id(agent), found, CACHED)
        return found

    def _new_actor(self, facts: Facts) -> _Actor:
        side = principal_of(facts, self._world.declared, VALUES)
        above = frozenset((side.uid, *side.parents))
        return _Actor(
            agent=facts.agent,
            side=side,
            node=Node(attributes=side.attributes, ancestors=frozenset(side.parents)),
            above=above,
            known=(side.uid[0], above & self._world.index.principals),
        )

    def _site(self, facts: Facts) -> _Site:
        tool = facts.tool
        if tool is None or facts.subject_type != "agent" or facts.resource_type != "tool":
            return self._new_site(facts)
        found = self._sites.get(id(tool))
        if found is None or found.tool is not tool:
            found = self._new_site(facts)
            keep(self._sites, id(tool), found, CACHED)
        return found

    def _new_site(self, facts: Facts) -> _Site:
        return _Site(facts.tool, self._world.environment(facts), resource_of(facts, self._world.declared, VALUES))

    def _program(self, actor: _Actor, site: _Site) -> _Program | None:
        """None when the reference has to answer: a policy that is not compiled, or one entity on both sides."""
        part = self._world.slice(actor.side, site.environment, site.side)
        rules = [(policy.condition, policy.ref, policy.statement.forbids) for policy in part.policies]
        if actor.side.uid == site.side.uid or any(condition is None for condition, _, _ in rules):
            return None
        permits = tuple((condition, ref) for condition, ref, forbids in rules if condition and not forbids)
        forbids = tuple((condition, ref) for condition, ref, forbids in rules if condition and forbids)
        return _Program(part, permits, forbids)


@lru_cache(maxsize=CACHED)
def _findings(verdicts: Verdicts) -> tuple[Uid, dict[str, Uid]]:
    return findings_uid(verdicts), findings_of(verdicts, VALUES)
