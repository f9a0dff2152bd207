"""A policy set: loaded whole or refused with all its problems; then one question at a time, answered.

Cedar skips a policy that errs and answers `NoDecision` to a request it cannot read. Both are denies here, with the
error: a forbid that could not be evaluated must not count as a forbid that does not apply. For the same reason an
argument that a matching policy reads, but that has no exact form in Cedar, is an error.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cedarpy
import msgspec

from remit.policy import checks
from remit.policy.declared import DeclarationError, declare
from remit.policy.facts import Evaluation, Explanation, Facts, Lift, PolicyTrace
from remit.policy.request import (
    Inexpressible,
    Side,
    Verdicts,
    asserted_context,
    entities_json,
    principal_of,
    resource_of,
    standard_context,
    subject_of,
    verdicts_of,
)
from remit.policy.schema import UNKNOWN_ENVIRONMENT, Environment, environment_of, fingerprint, groups_of
from remit.policy.scope import Index, possible
from remit.policy.slices import ARGUMENTS, Question, Slice, answer, sliced, trace
from remit.policy.source import PolicyRefused, Problem, Statement, printable, read
from remit.policy.types import Misfits, to_record
from remit.terms import Tool, ToolId

CACHED = 4096  # routes and slices kept: what a busy hour touches; the rest is built again
CACHED_VERDICTS = 32  # combinations of verdicts kept for each route
_FAILURES = (ValueError, TypeError, AttributeError, ArithmeticError, OSError, RecursionError)


class PolicySet:
    """Immutable but for its caches. `version` names the texts and all that they were checked against."""

    def __init__(
        self,
        *,
        statements: Sequence[Statement],
        texts: Mapping[str, str],
        tools: Mapping[ToolId, Tool],
        world: checks.World,
    ) -> None:
        self.tools = tools
        self.policies = tuple(statement.ref for statement in statements)
        self.version = fingerprint(texts, world.environments, world.declared.text)
        self.warnings = tuple(checks.warnings(statements, world))
        self._statements = tuple(statements)
        self._texts = texts
        self._world = world
        self._environments = {environment.action: environment for environment in world.environments}
        self._index = Index(statements)
        self._slices: dict[tuple[str, tuple[int, ...]], Slice] = {}
        self._routes: dict[object, _Route] = {}

    def evaluate(self, facts: Facts) -> Evaluation:
        """Never raises; whatever goes wrong is a deny that says so.

        Cedar sees groups, not how many people approved. So what is allowed with an approval is evaluated without it
        too: each forbid that the approval lifts needs as many operators as its `@approvals` says.
        """
        found = self._evaluate(facts)
        if facts.approval_groups is None or not found.allowed:
            return found
        lifted = self._evaluate(msgspec.structs.replace(facts, approval_groups=None))
        short = tuple(ref for ref in lifted.policies if not lifted.allowed and ref.needed > facts.approvals)
        return Evaluation(allowed=False, policies=short) if short else found

    def _evaluate(self, facts: Facts) -> Evaluation:
        try:
            return answer(self._question(facts))
        except Inexpressible as error:
            return Evaluation(allowed=False, errors=(printable(str(error)),))
        except _FAILURES as error:
            return Evaluation(
                allowed=False, errors=(f"the request has no form in Cedar: {printable(str(error), 200)}",)
            )

    def ask_groups(self, facts: Facts, evaluation: Evaluation) -> tuple[str, ...] | None:
        """Groups whose hypothetical approval would permit the same request; None when a person cannot lift it."""
        lift = self.lift(facts, evaluation)
        return None if lift is None else lift.groups

    def lift(self, facts: Facts, evaluation: Evaluation) -> Lift | None:
        """Whose approval would permit the same request; None when a person cannot lift it.

        One group that suffices alone is better than several that are needed together: if there are such, only those
        are named. Otherwise no more of them are than it takes, and somebody from each has to approve.
        """
        if facts.approval_groups is not None:  # a new approval stands by itself
            facts = msgspec.structs.replace(facts, approval_groups=None)
            evaluation = self._evaluate(facts)
        if evaluation.allowed or evaluation.errors or not evaluation.policies:
            return None
        if any(not policy.ask for policy in evaluation.policies):
            return None
        named = tuple(dict.fromkeys(group for policy in evaluation.policies for group in policy.ask))
        needed = max(policy.needed for policy in evaluation.policies)
        alone = tuple(group for group in named if self._lifted(facts, (group,)))
        if alone:
            return Lift(groups=alone, needed=needed)
        if not self._lifted(facts, named):
            return None
        for group in reversed(named):
            fewer = tuple(other for other in named if other != group)
            named = fewer if self._lifted(facts, fewer) else named
        return Lift(groups=named, needed=needed, together=True)

    def _lifted(self, facts: Facts, groups: tuple[str, ...]) -> bool:
        return self._evaluate(msgspec.structs.replace(facts, approval_groups=groups)).allowed

    def explain(self, facts: Facts) -> Explanation:
        """Each policy's part in the answer. Asks Cedar one by one: for people, not for the path."""
        evaluation = self.evaluate(facts)
        principal, resource = (facts.subject_type, facts.subject_id), (facts.resource_type, facts.resource_id)
        action, context, met = facts.action, {}, {}
        try:
            question = self._question(facts)
            met = {statement.ref.id: trace(statement, question) for statement in question.part.statements}
            context, body = question.context, question.body
            action = body["action"]["id"]
            principal, resource = (tuple(body[side].values()) for side in ("principal", "resource"))
        except _FAILURES:
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
        changed = {name for name, tool in known.items() if _shape(tool) != _shape(self.tools.get(name))}
        before = [self._environments[name] for name in changed if name in self._environments]
        fresh = [environment_of(known[name]) for name in changed]
        kept = [self._environments[name] for name in known if name not in changed]
        world = msgspec.structs.replace(
            self._world, environments=(UNKNOWN_ENVIRONMENT, *kept, *fresh, *self._world.declared.environments)
        )
        met = [item for item in self._statements if any(possible(item.tree, each) for each in (*fresh, *before))]
        problems = checks.recheck(met, fresh, world)
        if problems:
            raise PolicyRefused(problems)
        return PolicySet(statements=self._statements, texts=self._texts, tools=known, world=world)

    def _question(self, facts: Facts) -> Question:
        route = self._route(facts)
        misfits = Misfits(dropped=[*route.principal.dropped, *route.resource.dropped])
        context = _context(facts, route, misfits)
        return Question(
            body={**route.body, "context": msgspec.json.encode(context).decode()},
            context=context,
            entities=route.entities(verdicts_of(facts) if "findings" in route.part.context else ()),
            part=route.part,
            dropped=tuple(misfits.dropped),
        )

    def _route(self, facts: Facts) -> "_Route":
        if facts.subject_type != "agent" or facts.resource_type != "tool":  # asserted: seldom the same twice
            return self._routed(facts)
        tool = facts.tool
        if tool is None:
            key: tuple[object, ...] = (facts.agent, facts.subject_id, facts.resource_id)
        else:
            reading = (tool.definition_hash, tool.classes, tool.state, tool.outside, tool.sure)
            key = (facts.agent, facts.subject_id, tool.server, tool.name, reading)
        found = self._routes.get(key)
        if found is None:
            found = self._routed(facts)
            _keep(self._routes, key, found, CACHED)
        return found

    def _routed(self, facts: Facts) -> "_Route":
        environment = self._environment(facts)
        declared = self._world.declared
        principal, resource = principal_of(facts, declared), resource_of(facts, declared)
        if principal.uid[0] not in environment.principals or resource.uid[0] not in environment.resources:
            raise Inexpressible("action does not apply to this subject and resource type; see types.cedarschema")
        numbers = self._index.matching(subject_of(principal, environment, resource))
        return _Route(environment, principal, resource, self._slice(environment, numbers))

    def _environment(self, facts: Facts) -> Environment:
        if facts.resource_type == "tool" and facts.subject_type == "agent":
            tool = facts.tool
            if tool is not None and _shape(tool) == _shape(self.tools.get(tool.id)):
                return self._environments[tool.id]
            return UNKNOWN_ENVIRONMENT
        found = self._environments.get(facts.action)
        if found is None or not found.own:
            raise Inexpressible("action is not declared for this resource type; declare it in types.cedarschema")
        return found

    def _slice(self, environment: Environment, numbers: tuple[int, ...]) -> Slice:
        key = (environment.action, numbers)
        found = self._slices.get(key)
        if found is None:
            found = sliced(environment, tuple(self._statements[number] for number in numbers))
            _keep(self._slices, key, found, CACHED)
        return found


class _Route:
    """All that requests of one agent for one tool share; the entities, parsed, for each combination of verdicts."""

    def __init__(self, environment: Environment, principal: Side, resource: Side, part: Slice) -> None:
        self.environment = environment
        self.principal = principal
        self.resource = resource
        self.part = part
        self.body = {
            "principal": {"type": principal.uid[0], "id": principal.uid[1]},
            "action": {"type": "Action", "id": environment.action},
            "resource": {"type": resource.uid[0], "id": resource.uid[1]},
        }
        self._parsed: dict[Verdicts, cedarpy.Entities] = {}

    def entities(self, verdicts: Verdicts) -> cedarpy.Entities:
        found = self._parsed.get(verdicts)
        if found is None:
            text = entities_json(self.principal, self.environment, self.resource, verdicts)
            found = cedarpy.Entities.from_json_str(text)
            _keep(self._parsed, verdicts, found, CACHED_VERDICTS)
        return found


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


def _context(facts: Facts, route: _Route, misfits: Misfits) -> dict[str, Any]:
    environment, part = route.environment, route.part
    context = standard_context(facts, part.context, part.mission)
    if environment.own:
        context |= asserted_context(facts, environment.context, misfits)
    elif "arguments" in part.context:
        context["arguments"] = to_record(facts.arguments, part.arguments, misfits, ARGUMENTS)
    if "dropped" in part.context:
        context["dropped"] = [".".join(path[2:]) for path in misfits.dropped if path[:2] == ARGUMENTS]
    return context


def _shape(tool: Tool | None) -> tuple[str, tuple[str, ...]] | None:
    """What of a tool its typed environment depends on."""
    return None if tool is None else (tool.definition_hash, groups_of(tool.classes))


def _keep(cache: dict[Any, Any], key: object, value: object, most: int) -> None:
    if len(cache) >= most:
        cache.clear()
    cache[key] = value


def _shown(uid: tuple[str, ...]) -> str:
    kind, name = uid
    return f'{printable(kind, 100)}::"{printable(name, 200)}"'
