"""A policy set: loaded whole or refused with all its problems; then one question at a time, answered.

Compiled policies answer (`fast`); Cedar itself is the reference. It answers whatever they cannot, and everything once
the set is distrusted: after the two were seen to differ, only Cedar's own answer counts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial

import msgspec

from remit.policy import checks
from remit.policy.declared import DeclarationError, declare
from remit.policy.facts import Evaluation, Explanation, Facts, Lift, PolicyTrace
from remit.policy.fast import Fast, Prepared
from remit.policy.reference import FAILURES, Reference, trace
from remit.policy.schema import UNKNOWN_ENVIRONMENT, environment_of, fingerprint
from remit.policy.scope import Reach
from remit.policy.source import PolicyRefused, Problem, Statement, printable, read
from remit.policy.world import World, shape
from remit.terms import Tool, ToolId

Asking = Callable[[tuple[str, ...] | None], Evaluation]  # the answer to one request if these groups had approved


class PolicySet:
    """Immutable but for its caches and for trust. `version` names the texts and all that they were checked against."""

    def __init__(
        self,
        *,
        statements: Sequence[Statement],
        texts: Mapping[str, str],
        tools: Mapping[ToolId, Tool],
        world: checks.World,
        before: World | None = None,
        distrusted: str = "",
    ) -> None:
        """`before` is the world of another set of the same statements, which has worked them out already."""
        self.tools = tools
        self.policies = tuple(statement.ref for statement in statements)
        self.version = fingerprint(texts, world.environments, world.declared.text)
        self.distrusted = distrusted  # why, "" while it is trusted
        self._statements = tuple(statements)
        self._texts = texts
        self._checked = world
        self._world = World(statements, tools, world, before)
        self._fast = Fast(self._world)
        self._reference = Reference(self._world)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What works but is probably not meant."""
        return tuple(checks.warnings(self._statements, self._checked))

    @property
    def trusted(self) -> bool:
        """Whether compiled policies may answer."""
        return not self.distrusted

    def distrust(self, why: str) -> None:
        """From now on the reference alone answers, here and in every set made from this one. The first reason stays."""
        self.distrusted = self.distrusted or why or "no reason was given"

    def evaluate(self, facts: Facts) -> Evaluation:
        """Never raises; whatever goes wrong is a deny that says so."""
        if facts.approval_groups is None:  # nearly always
            found = None if self.distrusted else self._fast.evaluate(facts)
            return self._reference.evaluate(facts, None) if found is None else found
        return _counted(facts, self._asking(facts, None if self.distrusted else self._fast.prepare(facts)))

    def reference(self, facts: Facts) -> Evaluation:
        """What Cedar itself answers, at some thirty times the cost."""
        return _counted(facts, partial(self._reference.evaluate, facts))

    def high_risk(self, facts: Facts) -> bool:
        """Whether the action is one that is hard to undo, or nobody knows."""
        try:
            return self._fast.risky(facts)
        except FAILURES:  # it has no form in Cedar
            return True

    def ask_groups(self, facts: Facts, evaluation: Evaluation) -> tuple[str, ...] | None:
        """Groups whose hypothetical approval would permit the same request; None when a person cannot lift it."""
        lift = self.lift(facts, evaluation)
        return None if lift is None else lift.groups

    def lift(self, facts: Facts, evaluation: Evaluation) -> Lift | None:
        """Whose approval would permit the same request; None when a person cannot lift it.

        One group that suffices alone is better than several that are needed together: if there are such, only those
        are named. Otherwise no more of them are than it takes, and somebody from each has to approve.
        """
        if facts.approval_groups is None and not _liftable(evaluation):
            return None
        asking = self._asking(facts, None if self.distrusted else self._fast.prepare(facts))
        if facts.approval_groups is not None:  # a new approval stands by itself
            evaluation = asking(None)
            if not _liftable(evaluation):
                return None
        named = tuple(dict.fromkeys(group for policy in evaluation.policies for group in policy.ask))
        needed = max(policy.needed for policy in evaluation.policies)
        alone = tuple(group for group in named if asking((group,)).allowed)
        if alone:
            return Lift(groups=alone, needed=needed)
        if not asking(named).allowed:
            return None
        for group in reversed(named):
            fewer = tuple(other for other in named if other != group)
            named = fewer if asking(fewer).allowed else named
        return Lift(groups=named, needed=needed, together=True)

    def explain(self, facts: Facts) -> Explanation:
        """Each policy's part in the answer. Asks Cedar one by one: for people, not for the path."""
        evaluation = self.evaluate(facts)
        principal, resource = (facts.subject_type, facts.subject_id), (facts.resource_type, facts.resource_id)
        action, context, met = facts.action, {}, {}
        try:
            question = self._reference.question(facts, facts.approval_groups)
            met = {statement.ref.id: trace(statement, question) for statement in question.part.statements}
            context, body = question.context, question.body
            action = body["action"]["id"]
            principal, resource = (tuple(body[side].values()) for side in ("principal", "resource"))
        except FAILURES:
            pass  # `evaluation` says what is wrong; no policy has a part in it
        return Explanation(
            evaluation=evaluation,
            ask_groups=self.ask_groups(facts, evaluation),
            principal=_shown(principal),
            action=_shown(("Action", action)),
            resource=_shown(resource),
            context=context,
            traces=tuple(met.get(ref.id, PolicyTrace(policy=ref, applies=False)) for ref in self.policies),
        )

    def with_tools(self, tools: Iterable[Tool]) -> "PolicySet":
        """The same policies over these tools; checks only what changed. Raises `PolicyRefused` on conflict.

        The caller then quarantines the tool, and this set goes on: to it, a call of another definition than the one it
        knows is a call of an unregistered tool. Policies that name a tool which is gone stay, and match nothing.
        """
        known = {tool.id: tool for tool in tools}
        before_all = self._world.environments
        changed = {name for name, tool in known.items() if shape(tool) != shape(self.tools.get(name))}
        before = [before_all[name] for name in changed if name in before_all]
        fresh = [environment_of(known[name]) for name in changed]
        kept = [before_all[name] for name in known if name not in changed]
        world = msgspec.structs.replace(
            self._checked, environments=(UNKNOWN_ENVIRONMENT, *kept, *fresh, *self._checked.declared.environments)
        )
        reach = Reach((*fresh, *before))
        met = [item for item in self._statements if reach(item.tree)]
        problems = checks.recheck(met, fresh, world)
        if problems:
            raise PolicyRefused(problems)
        return PolicySet(
            statements=self._statements,
            texts=self._texts,
            tools=known,
            world=world,
            before=self._world,
            distrusted=self.distrusted,
        )

    def _asking(self, facts: Facts, prepared: Prepared | None) -> Asking:
        if prepared is None:
            return partial(self._reference.evaluate, facts)
        return partial(self._ask, facts, prepared)

    def _ask(self, facts: Facts, prepared: Prepared, groups: tuple[str, ...] | None) -> Evaluation:
        found = prepared.ask(groups)
        return self._reference.evaluate(facts, groups) if found is None else found


def _counted(facts: Facts, asking: Asking) -> Evaluation:
    """The answer, when enough people approved.

    Cedar sees groups, not how many people approved. So what is allowed with an approval is evaluated without it too:
    each forbid that the approval lifts needs as many operators as its `@approvals` says.
    """
    found = asking(facts.approval_groups)
    if facts.approval_groups is None or not found.allowed:
        return found
    lifted = asking(None)
    short = tuple(ref for ref in lifted.policies if not lifted.allowed and ref.needed > facts.approvals)
    return Evaluation(allowed=False, policies=short) if short else found


def _liftable(evaluation: Evaluation) -> bool:
    """Whether each policy that denies names people who may lift it."""
    if evaluation.allowed or evaluation.errors or not evaluation.policies:
        return False
    return all(policy.ask for policy in evaluation.policies)


def load(
    texts: Mapping[str, str],
    *,
    tools: Iterable[Tool] = (),
    groups: tuple[str, ...] = (),
    extra_schema: str | None = None,
    purposes: tuple[str, ...] | None = None,
) -> PolicySet:
    """Check everything and raise `PolicyRefused` with every problem there is.

    `texts` is file name to Cedar text; `groups` the configured groups of operators; `purposes` the catalogue of
    purposes with which names in policies are compared, None to leave that out; `extra_schema` the operator's types.
    """
    statements, problems = read(texts)
    try:
        declared = declare(extra_schema)
    except DeclarationError as error:
        message = f"expected a Cedar schema: {printable(str(error))}"
        raise PolicyRefused(
            [*problems, Problem(file="types.cedarschema", line=1, policy="", message=message)]
        ) from None
    known = {tool.id: tool for tool in tools}
    environments = (UNKNOWN_ENVIRONMENT, *(environment_of(tool) for tool in known.values()), *declared.environments)
    world = checks.World(environments=environments, declared=declared, groups=groups, purposes=purposes)
    problems += checks.check(statements, world)
    if problems:
        raise PolicyRefused(problems)
    return PolicySet(statements=statements, texts=dict(texts), tools=known, world=world)


def _shown(uid: tuple[str, ...]) -> str:
    kind, name = uid
    return f'{printable(kind, 100)}::"{printable(name, 200)}"'
