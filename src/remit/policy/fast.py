"""The fast path: facts as Python values, and the compiled policies that they meet.

What belongs to a tool or an agent is worked out once and kept by the identity of the record: hot state hands out the
same one until it changes, and a changed one is another. Only what the slice reads of a request is built. Most policies
never look at the call itself, so what they answer recurs, and is kept under all that they can see.

Whatever does not go smoothly here (an error of a policy, a value that does not fit its type, a text that UTF-8 cannot
hold) is None: the reference then answers, and names the error in its words and in Cedar's.
"""

from functools import lru_cache
from typing import Any

from remit.policy.compiled import Erred, Node, Uid
from remit.policy.facts import Evaluation, Facts
from remit.policy.program import VALUES, Actor, Given, Program, Request, Site
from remit.policy.request import Verdicts, findings_of, findings_uid, principal_of, resource_of, verdicts_of
from remit.policy.types import Misfits
from remit.policy.world import CACHED, World, approved, context_of, keep

_RECALLED = 16_384  # answers that are kept
_STRANGERS = 256


class Prepared:
    """One request, ready to be asked about with or without an approval."""

    __slots__ = ("_actor", "_facts", "_given", "_program", "_recalled", "_site", "_verdicts")

    def __init__(
        self, facts: Facts, actor: Actor, site: Site, program: Program, recalled: dict[Any, Evaluation]
    ) -> None:
        self._facts = facts
        self._actor = actor
        self._site = site
        self._program = program
        self._recalled = recalled
        self._verdicts: Verdicts = ()
        self._given: Given | None = None

    def ask(self, groups: tuple[str, ...] | None) -> Evaluation | None:
        """The answer if these groups had approved; None when the reference has to give it."""
        try:
            if groups is None:
                return self._plain()
            context, findings, principal, resource, request = self._built()
            context = approved(context, self._program.part, groups, VALUES)
            return self._program.every.answer((context, findings, principal, resource, request))
        except Exception:  # a policy that errs; and a defect here must deny no more than that
            return None

    def _plain(self) -> Evaluation:
        program = self._program
        if program.varying is None:
            verdicts, context = program.seen(self._facts)
        else:
            context = self._built()[0]
            verdicts = self._verdicts
        place = program.key(verdicts, context, self._actor)
        found = self._recalled.get(place)
        if found is None:
            found = program.steady.answer(self._built())
            keep(self._recalled, place, found, _RECALLED)
        if program.varying is None:
            return found
        return program.joined(found, program.varying.answer(self._built()))

    def _built(self) -> Given:
        """What the rules are given; raises `Erred` when they would read what has no exact form."""
        if self._given is None:
            facts, actor, site, part = self._facts, self._actor, self._site, self._program.part
            misfits = Misfits(dropped=[*actor.side.dropped, *site.side.dropped])
            context = context_of(facts, site.environment, part, misfits, VALUES)
            if misfits.dropped and part.unread(misfits.dropped) is not None:
                raise Erred
            findings = None
            if "findings" in part.context:
                self._verdicts = verdicts_of(facts)
                findings = _findings(self._verdicts)
                context["findings"] = findings[0]
            attributes = None if findings is None else findings[1]
            request = Request(actor, site, findings)
            self._given = (context, attributes, actor.side.attributes, site.side.attributes, request)
        return self._given


class Fast:
    """Compiled policies over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sites: dict[object, Site] = {}
        self._strangers: dict[str, Site] = {}  # tools that nobody registered
        self._actors: dict[object, Actor] = {}
        self._recalled: dict[Any, Evaluation] = {}

    def prepare(self, facts: Facts) -> Prepared | None:
        """None when the reference has to answer."""
        try:
            actor, site = self._actor(facts), self._site(facts)
            program = site.programs.get(actor.known, self)  # self: not worked out yet
            if program is self:
                program = self._program(actor, site)
                keep(site.programs, actor.known, program, CACHED)
        except Exception:  # as in `Prepared.ask`
            return None
        return Prepared(facts, actor, site, program, self._recalled) if isinstance(program, Program) else None

    def risky(self, facts: Facts) -> bool:
        """Whether the action is one that is hard to undo, or nobody knows. Raises what has no form."""
        return self._site(facts).risky

    def _actor(self, facts: Facts) -> Actor:
        agent = facts.agent
        if facts.subject_type != "agent" or agent is None:
            return self._new_actor(facts)
        found = self._actors.get(id(agent))
        if found is None or found.agent is not agent or found.side.uid[1] != facts.subject_id:
            found = self._new_actor(facts)
            keep(self._actors, id(agent), found, CACHED)
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
        tool = facts.tool
        if facts.subject_type != "agent" or facts.resource_type != "tool":
            return self._new_site(facts)
        if tool is None:
            known = self._strangers.get(facts.resource_id)
            if known is None:
                known = self._new_site(facts)
                keep(self._strangers, facts.resource_id, known, _STRANGERS)
            return known
        found = self._sites.get(id(tool))
        if found is None or found.tool is not tool:
            found = self._new_site(facts)
            keep(self._sites, id(tool), found, CACHED)
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
