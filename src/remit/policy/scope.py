"""Which policies can matter to a request: the slice.

A policy whose scope does not cover the request is never satisfied and never errs, so leaving it out changes nothing;
that is what keeps the cost of a decision to the policies that match, however many there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from cedarpy import pst

from remit.policy.schema import Environment
from remit.policy.source import Statement

Uid = tuple[str, str]  # type, id
Key = Uid | None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The uids of a request: each side with everything it is in, itself included."""

    principal: Uid
    principals: frozenset[Uid]
    action: Uid
    actions: frozenset[Uid]
    resource: Uid
    resources: frozenset[Uid]


class Index:
    """Statements by the entities that their scopes name."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.trees = [statement.tree for statement in statements]
        self.cells: dict[tuple[Key, Key, Key], list[int]] = defaultdict(list)
        for number, tree in enumerate(self.trees):
            for action in _action_keys(tree.action):
                self.cells[key(tree.principal), action, key(tree.resource)].append(number)
        self.heads = frozenset((principal, resource) for principal, _, resource in self.cells)
        self.principals = frozenset(principal for principal, _, _ in self.cells)
        self.actions = frozenset(action for _, action, _ in self.cells)
        self.resources = frozenset(resource for _, _, resource in self.cells)

    def matching(self, subject: Subject) -> tuple[int, ...]:
        """The numbers of the statements whose scope covers the request, in order."""
        found = {
            number
            for principal in _known(self.principals, subject.principals)
            for resource in _known(self.resources, subject.resources)
            if (principal, resource) in self.heads
            for action in _known(self.actions, subject.actions)
            for number in self.cells.get((principal, action, resource), ())
            if self._covers(number, subject)
        }
        return tuple(sorted(found))

    def _covers(self, number: int, subject: Subject) -> bool:
        tree = self.trees[number]
        return (
            _constraint(tree.principal, subject.principal, subject.principals)
            and _constraint(tree.resource, subject.resource, subject.resources)
            and (not isinstance(tree.action, pst.ActionEq) or uid(tree.action.entity) == subject.action)
        )


class Reach:
    """The environments that some request in a scope can have; looked up once for scopes that reach alike."""

    def __init__(self, environments: Iterable[Environment]) -> None:
        self.environments = tuple(environments)
        self._found: dict[object, tuple[Environment, ...]] = {}

    def __call__(self, tree: pst.Template) -> tuple[Environment, ...]:
        alike = (_kind(tree.principal), tree.action, tree.resource)
        found = self._found.get(alike)
        if found is None:
            found = tuple(environment for environment in self.environments if possible(tree, environment))
            self._found[alike] = found
        return found


def _kind(constraint: pst.PrincipalOrResourceConstraint) -> str | None:
    match constraint:
        case pst.ScopeIs(entity_type=kind) | pst.ScopeIsIn(entity_type=kind):
            return str(kind)
        case pst.ScopeEq(entity=entity):
            return uid(entity)[0]
    return None


def possible(tree: pst.Template, environment: Environment) -> bool:
    """Whether some request in this environment can be in the scope. Errs towards yes for groups of principals."""
    return (
        action_possible(tree.action, environment)
        and _side_possible(tree.principal, environment.principals)
        and _side_possible(tree.resource, environment.resources)
        and _tool_possible(tree.resource, environment)
    )


def action_ids(tree: pst.Template) -> tuple[str, ...] | None:
    """The actions that the scope names; None for any."""
    match tree.action:
        case pst.ActionEq(entity=entity):
            return (entity.id,)
        case pst.ActionIn(entities=entities):
            return tuple(entity.id for entity in entities)
    return None


def uid(entity: pst.EntityOrSlot) -> Uid:
    assert isinstance(entity, pst.EntityUid)  # templates are refused when they are read
    return str(entity.type), entity.id


def _known(keys: frozenset[Key], uids: frozenset[Uid]) -> Iterator[Key]:
    if None in keys:
        yield None
    yield from keys & uids


def key(constraint: pst.PrincipalOrResourceConstraint) -> Key:
    """The entity that the constraint names."""
    match constraint:
        case pst.ScopeEq(entity=entity) | pst.ScopeIn(entity=entity) | pst.ScopeIsIn(entity=entity):
            return uid(entity)
    return None


def _action_keys(constraint: pst.ActionConstraint) -> Iterable[Key]:
    match constraint:
        case pst.ActionEq(entity=entity):
            return (uid(entity),)
        case pst.ActionIn(entities=entities):
            return {uid(entity) for entity in entities}
    return (None,)


def _constraint(constraint: pst.PrincipalOrResourceConstraint, own: Uid, above: frozenset[Uid]) -> bool:
    match constraint:
        case pst.ScopeEq(entity=entity):
            return uid(entity) == own
        case pst.ScopeIn(entity=entity):
            return uid(entity) in above
        case pst.ScopeIs(entity_type=kind):
            return str(kind) == own[0]
        case pst.ScopeIsIn(entity_type=kind, entity=entity):
            return str(kind) == own[0] and uid(entity) in above
    return True


def action_possible(constraint: pst.ActionConstraint, environment: Environment) -> bool:
    """Whether the environment's action is in the scope."""
    match constraint:
        case pst.ActionEq(entity=entity):
            return entity.id == environment.action
        case pst.ActionIn(entities=entities):
            return any(entity.id == environment.action or entity.id in environment.groups for entity in entities)
    return True


def _side_possible(constraint: pst.PrincipalOrResourceConstraint, kinds: tuple[str, ...]) -> bool:
    kind = _kind(constraint)
    return kind is None or kind in kinds


def _tool_possible(constraint: pst.PrincipalOrResourceConstraint, environment: Environment) -> bool:
    named = key(constraint)
    if environment.tool is None or named is None:
        return True
    return named in (("Tool", environment.tool), ("Server", environment.server))
