"""`policy check`: what keeps a policy set from working, found before it decides anything.

Cedar's validator proves that policies do not err. It accepts much that can never work: `has` on a misspelt attribute is
simply false, so a forbid with a typo fails open. These checks refuse that, with the file, the line and what to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import cedarpy
import msgspec
from cedarpy import pst

from remit.policy.alike import general, told_apart
from remit.policy.annotations import GROUPS, annotations, choice
from remit.policy.conditions import Conditions
from remit.policy.declared import Declared
from remit.policy.reads import parts, path_of
from remit.policy.schema import ACTION_GROUPS, ENTITIES, ENUMERATIONS, UNKNOWN, EntityType, Environment, schema_text
from remit.policy.scope import Reach, key, uid
from remit.policy.source import ANNOTATIONS, Problem, Statement, printable
from remit.policy.types import EntityOf, Path, Record, Type

SHOWN = 4  # errors of one policy: the same mistake repeats for every tool
_NO_ACTION = "unable to find an applicable action"


class World(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What policies may name."""

    environments: tuple[Environment, ...]
    declared: Declared
    groups: tuple[str, ...]  # of operators
    purposes: tuple[str, ...] | None = None  # None: not known here

    @cached_property
    def reach(self) -> Reach:
        return Reach(self.environments)


def check(statements: Sequence[Statement], world: World) -> list[Problem]:
    """Every problem of a whole set."""
    return [
        *annotations(statements, world.groups),
        *names(statements, world),
        *attributes(statements, world),
        *cedar(statements, world),
    ]


def recheck(statements: Sequence[Statement], fresh: Sequence[Environment], world: World) -> list[Problem]:
    """Policies that meet changed tools: types against those tools alone, attributes against all that there are now."""
    reach = Reach(fresh)
    meeting = [item for item in statements if reach(item.tree)]
    few = _one_of_each(meeting)
    typed = {item.action for item in (*fresh, *world.declared.environments)}
    mentioned = {entity.id for item in few for entity in pst.entity_uids((item.tree,)) if _is_action(entity)}
    text = schema_text(fresh, world.declared.text, mentioned - typed - set(ACTION_GROUPS) - world.declared.groups)
    wrong = validated(few, world, text)
    return [*attributes(statements, world), *(validated(meeting, world, text) if wrong else ())]


def _is_action(entity: pst.EntityUid) -> bool:
    return str(entity.type) == "Action"


def names(statements: Sequence[Statement], world: World) -> list[Problem]:
    """Tools, servers, groups and purposes that policies name and nobody knows."""
    tools = {item.tool for item in world.environments if item.tool is not None}
    servers = {item.server for item in world.environments if item.server is not None}
    known: dict[str, set[str]] = {"Tool": tools, "Server": servers}
    problems = []
    words: dict[Conditions, list[str]] = {}  # which many may have in common
    for statement in statements:
        tree, conditions = statement.tree, statement.conditions
        named = {uid(entity) for entity in conditions.entities} | {key(tree.principal), key(tree.resource)}
        for kind, name in sorted(filter(None, named)):
            if kind in known and name not in known[kind]:
                shown = f'{kind}::"{printable(name, 80)}"'
                problems.append(statement.problem(f"{shown} is not registered; register it or correct the name"))
        if conditions not in words:
            words[conditions] = list(_vocabulary(tree, world))
        problems += [statement.problem(message) for message in words[conditions]]
    return problems


def _vocabulary(tree: pst.Template, world: World) -> Iterator[str]:
    """Strings compared with things of which there is a list."""
    known: dict[Path, tuple[tuple[str, ...] | None, str]] = {
        GROUPS: (world.groups, "group of operators"),
        ("context", "mission", "purposes"): (world.purposes, "purpose"),
        ("context", "mission", "purpose"): (world.purposes, "purpose"),
    }
    for part in parts(tree):
        if not isinstance(part, pst.BinaryOp):
            continue
        for one, other in ((part.left, part.right), (part.right, part.left)):
            values, what = known.get(path_of(one) or (), (None, ""))
            items = other.elements if isinstance(other, pst.Set) else (other,)
            for item in items if values is not None else ():
                if isinstance(item, pst.StringLit) and item.value not in (values or ()):
                    yield f"`{printable(item.value, 60)}` is not a configured {what}; {choice(values or ())}"


def attributes(statements: Sequence[Statement], world: World) -> list[Problem]:
    """Attributes that no matching action has: a typo, which `has` would turn into a policy that never fires."""
    entities = {**ENTITIES, **world.declared.entities}
    problems = []
    for statement in statements:
        matching = world.reach(statement.tree)
        untyped = unmatched(statement, world)  # only unregistered tools so far: `warnings` says so
        for path in sorted(statement.conditions.reads) if matching else ():
            if untyped and path[:2] == ("context", "arguments"):
                continue
            if not any(_exists(path, environment, entities) for environment in matching):
                problems.append(
                    statement.problem(
                        f"no tool or resource that this policy covers has `{printable('.'.join(path), 120)}`; correct "
                        "the name, or narrow the policy to what has it"
                    )
                )
    return problems


def _exists(path: Path, environment: Environment, entities: Mapping[str, EntityType]) -> bool:
    variable, *names_ = path
    starts: list[Type] = []
    if variable == "context":
        starts = [environment.context]
    elif variable in ("principal", "resource"):
        kinds = environment.principals if variable == "principal" else environment.resources
        starts = [EntityOf(name=kind) for kind in kinds]
    return variable == "action" or any(_has(start, names_, entities) for start in starts)


def _has(kind: Type, names_: list[str], entities: Mapping[str, EntityType]) -> bool:
    for name in names_:
        if isinstance(kind, EntityOf) and kind.name in entities:
            kind = entities[kind.name].attributes
        if not isinstance(kind, Record) or name not in kind.attributes:
            return False
        kind = kind.attributes[name].type
    return True


def cedar(statements: Sequence[Statement], world: World) -> list[Problem]:
    """Cedar's own validator, in strict mode, for every action that a policy can meet.

    One statement of each shape, in environments that it can tell apart; all in all of them when something is wrong.
    """
    names = [environment.action for environment in world.environments]
    if len(set(names)) == len(names):
        few = _one_of_each(statements)
        parts = ([item for item in few if general(item)], [item for item in few if not general(item)])
        schemas = (schema_text(told_apart(part, world.environments), world.declared.text) for part in parts)
        if not any(validated(part, world, text) for part, text in zip(parts, schemas, strict=True)):
            return []
    return validated(statements, world, schema_text(world.environments, world.declared.text))


def _one_of_each(statements: Sequence[Statement]) -> list[Statement]:
    first: dict[str, Statement] = {}
    for statement in statements:
        first.setdefault(statement.shape, statement)
    return list(first.values())


def validated(statements: Sequence[Statement], world: World, schema: str) -> list[Problem]:
    """What Cedar's validator says of these statements."""
    if not statements:
        return []
    text = "\n".join(statement.text for statement in statements)
    try:
        result = cedarpy.validate_policies(text, cedarpy.Schema.from_str(schema))
    except ValueError as clash:  # a declared type and a generated one may have one name
        message = f"the schema cannot be built: {printable(str(clash))}; rename what types.cedarschema declares"
        return [Problem(file="types.cedarschema", line=1, policy="", message=message)]
    found: dict[int, list[str]] = {}
    for error in result.errors:
        number = _number(error.policy_id)
        if number is None or number >= len(statements):
            first = statements[0]
            return [first.problem(f"the policies cannot be validated together: {printable(error.error)}")]
        if _NO_ACTION in error.error and unmatched(statements[number], world):
            continue
        message = printable(error.error.removeprefix(f"for policy `{error.policy_id}`").lstrip(" ,:"))
        messages = found.setdefault(number, [])
        if message not in messages:
            messages.append(message)
    return [
        statements[number].problem(message + _hint(message))
        for number, messages in sorted(found.items())
        for message in messages[:SHOWN]
    ]


def _number(policy_id: str) -> int | None:
    digits = policy_id.removeprefix("policy")
    return int(digits) if digits.isdecimal() else None


def _hint(message: str) -> str:
    if "enumerated entity type" in message:
        kind = next((name for name in ENUMERATIONS if f'{name}::"' in message), None)
        return f"; expected one of {', '.join(ENUMERATIONS[kind])}" if kind else ""
    if "unrecognized action" in message:
        return f'; expected a registered tool ("server/name") or one of {", ".join(ACTION_GROUPS)}'
    if "unrecognized entity type" in message:
        return f"; expected one of {', '.join(ENTITIES)}, or a type declared in types.cedarschema"
    if "optional attribute" in message or "not found" in message:
        return "; guard it with `has`, or narrow the policy to the tools that have it"
    return ""


def unmatched(statement: Statement, world: World) -> bool:
    """Whether it covers nothing but tools that nobody registered, by naming only groups."""
    return general(statement) and not any(item.action != UNKNOWN for item in world.reach(statement.tree))


def warnings(statements: Sequence[Statement], world: World) -> list[str]:
    """What works but is probably not meant."""
    found = []
    if all(statement.forbids for statement in statements):
        found.append("no policy permits anything: every request will be denied; add a permit or the default pack")
    for statement in statements:
        if unmatched(statement, world):
            found.append(str(statement.problem("covers no registered tool yet")))
        unknown = sorted(set(statement.tree.annotations) - ANNOTATIONS)
        if unknown:
            found.append(str(statement.problem(f"unknown annotations {printable(', '.join(unknown), 100)} do nothing")))
        if not statement.ref.reason:
            found.append(str(statement.problem('has no @reason("…"): people will see only its id')))
    return found
