"""Environments that policies cannot tell apart: Cedar types a policy in one of them as in all the others.

Of a tool, typing sees the groups of its action, the types of the arguments that are read by name, and whether the
action itself is named. So a policy about all tools is typed once for each way in which tools differ to it, and not once
for each tool. This only ever spares work on policies that are in order: what fails is typed everywhere.
"""

from collections.abc import Iterable, Iterator, Sequence

from remit.policy.schema import ACTION_GROUPS, Environment
from remit.policy.scope import action_ids, action_possible
from remit.policy.source import Statement
from remit.policy.types import Path, Record, render

_ARGUMENTS: Path = ("context", "arguments")


def told_apart(statements: Iterable[Statement], environments: Sequence[Environment]) -> tuple[Environment, ...]:
    """Environments enough to type all these statements in."""
    found: set[str] = set()
    known: set[object] = set()
    for statement in statements:
        names, actions = _arguments(statement), _actions(statement)
        alike = (statement.tree.action, names, actions)
        if alike not in known:
            known.add(alike)
            found.update(_firsts(statement, names, actions, environments))
    return tuple(environment for environment in environments if environment.action in found)


def general(statement: Statement) -> bool:
    """Whether the scope names groups of actions only."""
    return set(action_ids(statement.tree) or ()) <= set(ACTION_GROUPS)


def _firsts(
    statement: Statement, names: frozenset[str] | None, actions: frozenset[str], environments: Sequence[Environment]
) -> Iterator[str]:
    """The first of each kind that the statement can tell from the others."""
    seen: set[object] = set()
    for environment in environments:
        if not action_possible(statement.tree.action, environment):
            continue  # typed as false before anything else is looked at
        kind: object = environment.action
        if names is not None and not environment.own and environment.action not in actions:
            kind = (environment.groups, _typed(environment, names))
        if kind not in seen:
            seen.add(kind)
            yield environment.action


def _arguments(statement: Statement) -> frozenset[str] | None:
    """The arguments that are read; None for all of them."""
    reads = statement.conditions.reads
    if ("context",) in reads or _ARGUMENTS in reads:
        return None
    return frozenset(path[2] for path in reads if path[:2] == _ARGUMENTS)


def _actions(statement: Statement) -> frozenset[str]:
    """Single actions that are named."""
    named = (entity.id for entity in statement.conditions.entities if str(entity.type) == "Action")
    return frozenset((*named, *(action_ids(statement.tree) or ()))) - frozenset(ACTION_GROUPS)


def _typed(environment: Environment, names: frozenset[str]) -> tuple[str, ...]:
    item = environment.context.attributes.get("arguments")
    attributes = item.type.attributes if item is not None and isinstance(item.type, Record) else {}
    return tuple(
        f"{name}{'' if attributes[name].required else '?'}: {render(attributes[name].type)}"
        for name in sorted(names)
        if name in attributes
    )
