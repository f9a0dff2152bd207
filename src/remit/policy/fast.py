"""The fast path: facts as Python values, and the compiled policies that they meet.

What belongs to a tool or an agent is worked out once and kept by the identity of the record: hot state hands out the
same one until it changes, and a changed one is another. Only what the slice reads of a request is built. Most policies
never look at the call itself, so what they answer recurs, and is kept under all that they can see.

Whatever does not go smoothly here (an error of a policy, a value that does not fit its type, a text that UTF-8 cannot
hold) is None: the reference then answers, and names the error in its words and in Cedar's.
"""

from functools import lru_cache
from typing import Any

import msgspec

from remit.policy.compiled import Erred, Node, Uid
from remit.policy.facts import Evaluation, Facts
from remit.policy.program import VALUES, Actor, Given, Program, Request, Site
from remit.policy.request import Verdicts, findings_of, findings_uid, principal_of, resource_of, verdicts_of
from remit.policy.types import Misfits
from remit.policy.world import CACHED, World, approved, context_of, keep
from remit.terms import Agent, Tool

_RECALLED = 16_384  # answers that are kept
_MEETINGS = 16_384  # of an agent and a tool


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """All that requests of one agent for one tool share."""

    agent: Agent | None
    tool: Tool | None
    actor: Actor
    site: Site
    program: Program | None  # None when the reference has to answer


class Prepared:
    """One request, ready to be asked about with or without an approval."""

    __slots__ = ("_facts", "_given", "_met", "_program")

    def __init__(self, facts: Facts, met: Meeting, program: Program) -> None:
        self._facts = facts
        self._met = met
        self._program = program
        self._given: Given | None = None

    def ask(self, groups: tuple[str, ...] | None) -> Evaluation | None:
        """The answer if these groups had approved; None when the reference has to give it."""
        try:
            context, findings, principal, resource, request = self.given()
            context = approved(context, self._program.part, groups, VALUES)
            return self._program.every.answer((context, findings, principal, resource, request))
        except Exception:  # a policy that errs; and a defect here must deny no more than that
            return None

    def given(self) -> Given:
        """What the rules are given; raises `Erred` when they would read what has no exact form."""
        if self._given is None:
            facts, actor, site, part = self._facts, self._met.actor, self._met.site, self._program.part
            misfits = Misfits(dropped=[*actor.side.dropped, *site.side.dropped])
            context = context_of(facts, site.environment, part, misfits, VALUES)
            if misfits.dropped and part.unread(misfits.dropped) is not None:
                raise Erred
            findings = None
            if "findings" in part.context:
                findings = _findings(verdicts_of(facts))
                context["findings"] = findings[0]
            attributes = None if findings is None else findings[1]
            request = Request(actor, site, findings)
            self._given = (context, attributes, actor.side.attributes, site.side.attributes, request)
        return self._given


class Fast:
    """Compiled policies over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._met: dict[object, Meeting] = {}
        self._sites: dict[object, Site] = {}
        self._actors: dict[object, Actor] = {}
        self._recalled: dict[Any, Evaluation] = {}

    def prepare(self, facts: Facts) -> Prepared | None:
        """None when the reference has to answer."""
        try:
            met = self._meeting(facts)
        except Exception:  # as in `Prepared.ask`
            return None
        return None if met.program is None else Prepared(facts, met, met.program)

    def evaluate(self, facts: Facts) -> Evaluation | None:
        """The answer without an approval; None when the reference has to give it."""
        try:
            met = self._meeting(facts)
            program = met.program
            if program is None:
                return None
            place = program.place(facts, met.actor)
            found = self._recalled.get(place)
            if found is None:
                found = program.steady.answer(Prepared(facts, met, program).given())
                keep(self._recalled, place, found, _RECALLED)
            if program.varying is None:
                return found
            return program.joined(found, program.varying.answer(Prepared(facts, met, program).given()))
        except Exception:  # as in `Prepared.ask`
            return None

    def risky(self, facts: Facts) -> bool:
        """Whether the action is one that is hard to undo, or nobody knows. Raises what has no form."""
        return self._meeting(facts).site.risky

    def _meeting(self, facts: Facts) -> Meeting:
        agent, tool = facts.agent, facts.tool
        if facts.subject_type != "agent" or facts.resource_type != "tool":  # asserted: seldom the same twice
            return self._new_meeting(facts, self._new_actor(facts), self._new_site(facts))
        key = (id(agent), facts.subject_id, id(tool), facts.resource_id)
        found = self._met.get(key)
        if found is None:  # else it holds both records, so that no others can have their ids
            found = self._new_meeting(facts, self._actor(facts), self._site(facts))
            keep(self._met, key, found, _MEETINGS)
        return found

    def _new_meeting(self, facts: Facts, actor: Actor, site: Site) -> Meeting:
        program = site.programs.get(actor.known, self)  # self: not worked out yet
        if program is self:
            program = self._program(actor, site)
            keep(site.programs, actor.known, program, CACHED)
        assert not isinstance(program, Fast)
        return Meeting(agent=facts.agent, tool=facts.tool, actor=actor, site=site, program=program)

    def _actor(self, facts: Facts) -> Actor:
        key = (id(facts.agent), facts.subject_id)
        found = self._actors.get(key)
        if found is None or found.agent is not facts.agent:
            found = self._new_actor(facts)
            keep(self._actors, key, found, CACHED)
        return found

    def _new_actor(self, facts: Facts) -> Actor:
        side = principal_of(facts, self._world.declared, VALUES)
        above = frozenset((side.uid, *side.parents))
        return Actor(
            agent=facts.agent,
            side=side,
            node=Node(attributes=side.attributes, ancestors=frozenset(side.parents)),
            above=above,
            known=(side.uid[0], above & self._world.index.principals),
        )

    def _site(self, facts: Facts) -> Site:
        key = (id(facts.tool), facts.resource_id)
        found = self._sites.get(key)
        if found is None or found.tool is not facts.tool:
            found = self._new_site(facts)
            keep(self._sites, key, found, CACHED)
        return found

    def _new_site(self, facts: Facts) -> Site:
        return Site(facts.tool, self._world.environment(facts), resource_of(facts, self._world.declared, VALUES))

    def _program(self, actor: Actor, site: Site) -> Program | None:
        """None when the reference has to answer: a policy that is not compiled, or one entity on both sides."""
        part = self._world.slice(actor.side, site.environment, site.side)
        rules = [(policy, policy.condition) for policy in part.policies if policy.condition is not None]
        if actor.side.uid == site.side.uid or len(rules) < len(part.policies):
            return None
        return Program(part, site.environment, rules)


@lru_cache(maxsize=CACHED)
def _findings(verdicts: Verdicts) -> tuple[Uid, dict[str, Uid]]:
    return findings_uid(verdicts), findings_of(verdicts, VALUES)
