"""`policy check`: what keeps a policy set from working, found before it decides anything.

Cedar's validator proves that policies do not err. It accepts much that can never work: `has` on a misspelt attribute is
simply false, so a forbid with a typo fails open. These checks refuse that, with the file, the line and what to do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import cedarpy
import msgspec
from cedarpy import pst

from remit.policy.declared import Declared
from remit.policy.reads import parts, path_of, paths
from remit.policy.schema import ACTION_GROUPS, ENTITIES, ENUMERATIONS, UNKNOWN, EntityType, Environment, schema_text
from remit.policy.scope import action_ids, possible
from remit.policy.source import ANNOTATIONS, MAX_APPROVALS, Problem, Statement, approvals, printable
from remit.policy.types import EntityOf, Path, Record, Type
from remit.terms import is_identifier

ID_LENGTH = 100
LINE_LENGTH = 300  # of a reason or remedy: one line that people read
SHOWN = 4  # errors of one policy: the same mistake repeats for every tool
_NO_ACTION = "unable to find an applicable action"


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What policies may name."""

    environments: tuple[Environment, ...]
    declared: Declared
    groups: tuple[str, ...]  # of operators
    purposes: tuple[str, ...] | None = None  # None: not known here


def check(statements: Sequence[Statement], world: World) -> list[Problem]:
    """Every problem of a whole set."""
    return [
        *annotations(statements, world.groups),
        *names(statements, world),
        *attributes(statements, world),
        *cedar(statements, world, schema_text(world.environments, world.declared.text)),
    ]


def recheck(statements: Sequence[Statement], fresh: Sequence[Environment], world: World) -> list[Problem]:
    """Policies that meet changed tools: types against those tools alone, attributes against all that there are now."""
    meeting = [item for item in statements if any(possible(item.tree, environment) for environment in fresh)]
    typed = {item.action for item in (*fresh, *world.declared.environments)}
    mentioned = {entity.id for item in meeting for entity in pst.entity_uids((item.tree,)) if _is_action(entity)}
    text = schema_text(fresh, world.declared.text, mentioned - typed - set(ACTION_GROUPS) - world.declared.groups)
    return [*attributes(statements, world), *cedar(meeting, world, text)]


def _is_action(entity: pst.EntityUid) -> bool:
    return str(entity.type) == "Action"


def annotations(statements: Sequence[Statement], groups: Sequence[str]) -> list[Problem]:
    """Names, reasons and who may lift."""
    problems: list[Problem] = []
    seen: dict[str, Statement] = {}
    for statement in statements:
        problems += [statement.problem(message) for message in _notes(statement, groups)]
        first = seen.setdefault(statement.ref.id, statement)
        if first is not statement and statement.ref.id:
            where = f"{first.ref.file}:{first.ref.line}"
            problems.append(statement.problem(f"expected a unique @id, but {where} has it too; rename one"))
    return problems


def _notes(statement: Statement, groups: Sequence[str]) -> Iterator[str]:
    notes, ref = statement.tree.annotations, statement.ref
    if not is_identifier(ref.id) or len(ref.id) > ID_LENGTH or ref.id.startswith("remit."):
        yield (
            'expected @id("a-name") of letters, digits and `-_.:/`, at most 100 characters, not starting with `remit.`;'
            " give the policy a name that people will see in decisions"
        )
    for name in ("reason", "remedy"):
        text = notes.get(name, "")
        if len(text) > LINE_LENGTH or not text.isprintable():
            yield f"expected @{name} to be one line of at most {LINE_LENGTH} printable characters"
    if notes.get("disclose", "false") not in ("true", "false"):
        yield 'expected @disclose("true") or none'
    if "obligation" in notes and (statement.forbids or not ref.obligations):
        yield "expected @obligation on a permit, naming obligations with commas between"
    if "approvals" in notes:
        if approvals(notes["approvals"]) is None:
            yield f'expected @approvals("2"): how many different operators, in digits, 1 to {MAX_APPROVALS}'
        if "ask" not in notes:
            yield '@approvals belongs beside @ask("finance"): without it nobody can approve'
    if "ask" in notes:
        yield from _asking(statement, groups)


def _asking(statement: Statement, groups: Sequence[str]) -> Iterator[str]:
    if not statement.forbids or not statement.ref.ask:
        yield '@ask belongs on a forbid and names groups: @ask("finance")'
        return
    unless = [clause.expr for clause in statement.tree.clauses if isinstance(clause, pst.Unless)]
    for group in statement.ref.ask:
        if group not in groups:
            yield f"@ask names the group `{printable(group, 60)}`, which is not configured; {_choice(groups)}"
        if not any(_lifts(expression, group) for expression in unless):
            yield (
                f"@ask({group!r}) needs `unless {{ context has approval && "
                f'context.approval.groups.contains("{printable(group, 60)}") }}`: without it no approval can lift it'
            )


_GROUPS: Path = ("context", "approval", "groups")


def _lifts(expression: pst.Expr, group: str) -> bool:
    """Whether an approval from `group` alone makes the expression true."""
    if isinstance(expression, pst.HasAttr):
        return path_of(expression.base) == ("context",) and expression.attrs[0] == "approval"
    if isinstance(expression, pst.BinaryOp):
        if expression.op == "and":
            return _lifts(expression.left, group) and _lifts(expression.right, group)
        if expression.op == "or":
            return _lifts(expression.left, group) or _lifts(expression.right, group)
        if path_of(expression.left) == _GROUPS:
            if expression.op == "contains_any" and isinstance(expression.right, pst.Set):
                return pst.StringLit(group) in expression.right.elements
            return expression.op == "contains" and expression.right == pst.StringLit(group)
    return False


def names(statements: Sequence[Statement], world: World) -> list[Problem]:
    """Tools, servers, groups and purposes that policies name and nobody knows."""
    tools = {item.tool for item in world.environments if item.tool is not None}
    servers = {item.server for item in world.environments if item.server is not None}
    known: dict[str, set[str]] = {"Tool": tools, "Server": servers}
    problems = []
    for statement in statements:
        tree = statement.tree
        for entity in pst.entity_uids((tree,)):
            kind = str(entity.type)
            if kind in known and entity.id not in known[kind]:
                named = f'{kind}::"{printable(entity.id, 80)}"'
                problems.append(statement.problem(f"{named} is not registered; register it or correct the name"))
        problems += [statement.problem(message) for message in _vocabulary(tree, world)]
    return problems


def _vocabulary(tree: pst.Template, world: World) -> Iterator[str]:
    """Strings compared with things of which there is a list."""
    known: dict[Path, tuple[tuple[str, ...] | None, str]] = {
        _GROUPS: (world.groups, "group of operators"),
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
                    yield f"`{printable(item.value, 60)}` is not a configured {what}; {_choice(values or ())}"


def attributes(statements: Sequence[Statement], world: World) -> list[Problem]:
    """Attributes that no matching action has: a typo, which `has` would turn into a policy that never fires."""
    entities = {**ENTITIES, **world.declared.entities}
    problems = []
    for statement in statements:
        matching = [environment for environment in world.environments if possible(statement.tree, environment)]
        untyped = unmatched(statement, world.environments)  # only unregistered tools so far: `warnings` says so
        for path in sorted(paths(statement.tree)) if matching else ():
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


def cedar(statements: Sequence[Statement], world: World, schema: str) -> list[Problem]:
    """Cedar's own validator, in strict mode, for every action that a policy can meet."""
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
        if _NO_ACTION in error.error and unmatched(statements[number], world.environments):
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


def unmatched(statement: Statement, environments: Iterable[Environment]) -> bool:
    """Whether it covers nothing but tools that nobody registered, by naming only groups."""
    named = action_ids(statement.tree)
    if named is not None and not set(named) <= set(ACTION_GROUPS):
        return False
    return not any(item.action != UNKNOWN and possible(statement.tree, item) for item in environments)


def warnings(statements: Sequence[Statement], world: World) -> list[str]:
    """What works but is probably not meant."""
    found = []
    if all(statement.forbids for statement in statements):
        found.append("no policy permits anything: every request will be denied; add a permit or the default pack")
    for statement in statements:
        if unmatched(statement, world.environments):
            found.append(str(statement.problem("covers no registered tool yet")))
        unknown = sorted(set(statement.tree.annotations) - ANNOTATIONS)
        if unknown:
            found.append(str(statement.problem(f"unknown annotations {printable(', '.join(unknown), 100)} do nothing")))
        if not statement.ref.reason:
            found.append(str(statement.problem('has no @reason("…"): people will see only its id')))
    return found


def _choice(known: Sequence[str]) -> str:
    shown = ", ".join(printable(name, 60) for name in known[:20])
    return f"expected one of {shown}" if shown else "none are configured: add them to remit.toml"
