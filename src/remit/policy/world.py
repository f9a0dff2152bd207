"""Which policies a request meets: its action's environment, and the slice for what its two sides are and are in.

Both evaluators ask here, so that they answer about the same policies.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from remit.policy import checks
from remit.policy.facts import Facts
from remit.policy.request import Inexpressible, Side, approval_of, asserted_context, standard_context, subject_of
from remit.policy.schema import UNKNOWN_ENVIRONMENT, Environment, groups_of
from remit.policy.scope import Index
from remit.policy.slices import ARGUMENTS, Policy, Slice
from remit.policy.source import Statement
from remit.policy.types import Form, Misfits, to_record
from remit.terms import Tool, ToolId

CACHED = 4096  # what a busy hour touches; the rest is built again


class World:
    """Policies, indexed, over the tools that are known."""

    def __init__(
        self,
        statements: Sequence[Statement],
        tools: Mapping[ToolId, Tool],
        named: checks.World,
        before: "World | None" = None,
    ) -> None:
        """`before` is a world of the same statements, over other tools."""
        self.policies: tuple[Policy, ...] = before.policies if before else tuple(map(Policy, statements))
        self.tools = tools
        self.declared = named.declared
        self.environments = {environment.action: environment for environment in named.environments}
        self.index: Index = before.index if before else Index(statements)
        self._slices: dict[tuple[str, tuple[int, ...]], Slice] = {}
        self._met: dict[object, Slice] = {}

    def environment(self, facts: Facts) -> Environment:
        if facts.resource_type == "tool" and facts.subject_type == "agent":
            tool = facts.tool
            if tool is not None and shape(tool) == shape(self.tools.get(tool.id)):
                return self.environments[tool.id]
            return UNKNOWN_ENVIRONMENT
        found = self.environments.get(facts.action)
        if found is None or not found.own:
            raise Inexpressible("action is not declared for this resource type; declare it in types.cedarschema")
        return found

    def slice(self, principal: Side, environment: Environment, resource: Side) -> Slice:
        if principal.uid[0] not in environment.principals or resource.uid[0] not in environment.resources:
            raise Inexpressible("action does not apply to this subject and resource type; see types.cedarschema")
        named = self.index.principals.intersection((principal.uid, *principal.parents))
        place = (environment.action, principal.uid[0], named, resource.uid, resource.parents)  # all that scopes look at
        found = self._met.get(place)
        if found is None:
            found = self._slice(environment, self.index.matching(subject_of(principal, environment, resource)))
            keep(self._met, place, found, CACHED)
        return found

    def _slice(self, environment: Environment, numbers: tuple[int, ...]) -> Slice:
        key = (environment.action, numbers)
        found = self._slices.get(key)
        if found is None:
            found = Slice(environment, tuple(self.policies[number] for number in numbers))
            keep(self._slices, key, found, CACHED)
        return found


def context_of(facts: Facts, environment: Environment, part: Slice, misfits: Misfits, form: Form) -> dict[str, Any]:
    """The context that the slice reads, but for findings and approval, which differ from one question to the next."""
    context = standard_context(facts, part.builders, form)
    if environment.own:
        context |= asserted_context(facts, environment.context, misfits, form)
    elif "arguments" in part.context:
        context["arguments"] = to_record(facts.arguments, part.arguments, misfits, ARGUMENTS, form)
    if "dropped" in part.context:
        context["dropped"] = form.items([".".join(path[2:]) for path in misfits.dropped if path[:2] == ARGUMENTS])
    return context


def approved(context: dict[str, Any], part: Slice, groups: tuple[str, ...] | None, form: Form) -> dict[str, Any]:
    """The context with an approval by these groups."""
    if groups is None or "approval" not in part.context:
        return context
    return {**context, "approval": approval_of(groups, form)}


def shape(tool: Tool | None) -> tuple[str, tuple[str, ...]] | None:
    """What of a tool its typed environment depends on."""
    return None if tool is None else (tool.definition_hash, groups_of(tool.classes))


def keep(cache: dict[Any, Any], key: object, value: object, most: int) -> None:
    if len(cache) >= most:
        cache.clear()
    cache[key] = value
