"""The policies that one kind of request meets, with what they read of it; and what each policy is, worked out once.

With ten thousand policies of which each agent meets others, slices are made all the time: so reading and compiling are
done once a policy, when it is first met, and a slice only puts them together.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache

import cedarpy

from remit.policy.compiled import Condition
from remit.policy.conditions import Conditions
from remit.policy.request import builders
from remit.policy.schema import COMMON, ENTITIES, STANDARD, Environment
from remit.policy.source import Statement
from remit.policy.types import Path, Record

ARGUMENTS: Path = ("context", "arguments")


class Policy:
    """One statement, with its conditions as a function if they can be compiled."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.ref = statement.ref
        self.conditions = statement.conditions

    @cached_property
    def condition(self) -> Condition | None:
        return self.conditions.compiled


class Slice:
    """What requests of one kind meet. Immutable; what only one of the two evaluators needs is made when it asks."""

    def __init__(self, environment: Environment, policies: tuple[Policy, ...]) -> None:
        self.policies = policies
        self.statements = tuple(policy.statement for policy in policies)
        conditions = [policy.conditions for policy in policies]
        every = frozenset(path for one in conditions for path in one.reads)
        attributes = environment.context.attributes
        own = attributes.keys() - STANDARD.attributes.keys() if environment.own else set()
        named = {path[1] for path in every if path[0] == "context" and len(path) > 1}
        whole = ("context",) in every
        self.context = frozenset(attributes) if whole else frozenset(attributes.keys() & (named | own))
        self.arguments = _arguments(environment, every)  # the typed arguments that are built
        self.builders = builders(self.context, _members("mission", every, conditions))
        # Paths read by policies that do not look at `context.dropped` themselves.
        self.strict = frozenset(path for one in conditions if not one.looks_at_dropped for path in one.reads)

    @cached_property
    def traits(self) -> tuple[str, ...] | None:
        """The principal's attributes that conditions read; None when they look at who it is, or at what it is in."""
        conditions = [policy.conditions for policy in self.policies]
        reads: frozenset[Path] = frozenset().union(*(one.reads for one in conditions))
        if ("principal",) in reads or any(one.names_agents for one in conditions):
            return None
        return tuple(sorted({path[1] for path in reads if path[0] == "principal"}))

    @cached_property
    def verdicts(self) -> frozenset[str]:
        """The kinds of findings whose verdicts are read."""
        conditions = [policy.conditions for policy in self.policies]
        return _members("findings", frozenset(path for one in conditions for path in one.reads), conditions)

    @cached_property
    def handle(self) -> cedarpy.PolicySet:
        return _parsed("\n".join(statement.text for statement in self.statements))

    def unread(self, dropped: list[Path]) -> Path | None:
        """A value that had no exact form although a policy reads it, if there is one."""
        return next((path for path in dropped if _is_read(path, self.strict)), None)


@lru_cache(maxsize=256)
def _parsed(text: str) -> cedarpy.PolicySet:
    """Many tools meet the same policies, and parsing them takes Cedar a millisecond."""
    return cedarpy.PolicySet.from_str(text)


def _members(name: str, reads: frozenset[Path], conditions: Sequence[Conditions]) -> frozenset[str]:
    """What is read of a record of the context, or of findings; all of it when it is used as a whole."""
    whole = {("context",), ("context", name)}
    if any(whole & one.uses for one in conditions):
        return frozenset(_RECORDS[name])
    return frozenset(path[2] for path in reads if path[:2] == ("context", name) and len(path) > 2)


_RECORDS = {"mission": COMMON["Mission"].attributes, "findings": ENTITIES["Findings"].attributes.attributes}


def _arguments(environment: Environment, reads: frozenset[Path]) -> Record:
    """The arguments that are read by name; all of them when they are read as a whole."""
    item = environment.context.attributes.get("arguments")
    if environment.own or item is None or not isinstance(item.type, Record):
        return Record(attributes={})
    if {("context",), ARGUMENTS} & reads or any(path[:2] == ("context", "dropped") for path in reads):
        return item.type
    named = {path[2] for path in reads if path[:2] == ARGUMENTS}
    return Record(attributes={name: kind for name, kind in item.type.attributes.items() if name in named})


def _is_read(dropped: Path, strict: frozenset[Path]) -> bool:
    return any(path[: len(dropped)] == dropped or dropped[: len(path)] == path for path in strict)
