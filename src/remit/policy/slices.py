"""One question to Cedar: the policies that a request meets, asked once, and the answer read strictly."""

import re
from typing import Any

import cedarpy
import msgspec

from remit.policy.facts import Evaluation, PolicyTrace
from remit.policy.reads import paths, used
from remit.policy.schema import COMMON, STANDARD, Environment
from remit.policy.source import Statement, printable
from remit.policy.types import Path, Record

_POLICY = re.compile(r"`policy(\d{1,9})`")
ARGUMENTS: Path = ("context", "arguments")
_PERMIT_ALL = "permit(principal, action, resource);"


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The policies that one kind of request meets, parsed, with what they read of it."""

    statements: tuple[Statement, ...]
    handle: cedarpy.PolicySet
    context: frozenset[str]  # attributes of the context that must be built
    mission: frozenset[str]  # members of `context.mission` among them
    arguments: Record  # the typed arguments among them
    strict: frozenset[Path]  # paths read by policies that do not look at `context.dropped` themselves


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One request as Cedar takes it."""

    body: dict[str, Any]
    context: dict[str, Any]
    entities: cedarpy.Entities
    part: Slice
    dropped: tuple[Path, ...]  # values that had no exact form


def sliced(environment: Environment, statements: tuple[Statement, ...]) -> Slice:
    """Parse what the request meets; note what of it has to be built."""
    reads = [paths(statement.tree) for statement in statements]
    every = frozenset(path for found in reads for path in found)
    attributes = environment.context.attributes
    own = attributes.keys() - STANDARD.attributes.keys() if environment.own else set()
    named = {path[1] for path in every if path[0] == "context" and len(path) > 1}
    whole = ("context",) in every
    return Slice(
        statements=statements,
        handle=cedarpy.PolicySet.from_str("\n".join(statement.text for statement in statements)),
        context=frozenset(attributes) if whole else frozenset(attributes.keys() & (named | own)),
        mission=_members("mission", every, statements),
        arguments=_arguments(environment, every),
        strict=frozenset(path for found in reads if not _looks_at_dropped(found) for path in found),
    )


def _members(name: str, reads: frozenset[Path], statements: tuple[Statement, ...]) -> frozenset[str]:
    """What is read of a record of the context; all of it when it is used as a whole."""
    whole = {("context",), ("context", name)}
    if any(whole & used(statement.tree) for statement in statements):
        return frozenset(COMMON[name.capitalize()].attributes)
    return frozenset(path[2] for path in reads if path[:2] == ("context", name) and len(path) > 2)


def _looks_at_dropped(found: frozenset[Path]) -> bool:
    return any(path[:2] == ("context", "dropped") for path in found)


def _arguments(environment: Environment, reads: frozenset[Path]) -> Record:
    """The arguments that are read by name; all of them when they are read as a whole."""
    item = environment.context.attributes.get("arguments")
    if environment.own or item is None or not isinstance(item.type, Record):
        return Record(attributes={})
    if {("context",), ARGUMENTS} & reads or _looks_at_dropped(reads):
        return item.type
    named = {path[2] for path in reads if path[:2] == ARGUMENTS}
    return Record(attributes={name: kind for name, kind in item.type.attributes.items() if name in named})


def answer(question: Question) -> Evaluation:
    """Allowed only if Cedar allowed it and no policy erred."""
    unread = next((path for path in question.dropped if _is_read(path, question.part.strict)), None)
    if unread is not None:
        shown = printable(".".join(unread), 120)
        return Evaluation(
            allowed=False, errors=(f"a policy reads {shown}, whose value does not fit its declared type",)
        )
    result = cedarpy.is_authorized(question.body, question.part.handle, question.entities)
    if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
        errors = result.diagnostics.errors or ["cedar gave no decision"]
        return Evaluation(allowed=False, errors=tuple(_named(error, question.part) for error in errors))
    numbers = sorted(int(name.removeprefix("policy")) for name in result.diagnostics.reasons)
    found = tuple(question.part.statements[number].ref for number in numbers)
    return Evaluation(allowed=result.decision is cedarpy.Decision.Allow, policies=found)


def trace(statement: Statement, question: Question) -> PolicyTrace:
    """Whether this policy's conditions hold, asked of Cedar beside a permit of everything."""
    policies = cedarpy.PolicySet.from_str(statement.text + "\n" + _PERMIT_ALL)
    result = cedarpy.is_authorized(question.body, policies, question.entities)
    errors = result.diagnostics.errors
    return PolicyTrace(
        policy=statement.ref,
        applies=True,
        satisfied="policy0" in result.diagnostics.reasons,
        error=_POLICY.sub(f"`{statement.ref.id}`", printable(errors[0])) if errors else "",
    )


def _is_read(dropped: Path, strict: frozenset[Path]) -> bool:
    return any(path[: len(dropped)] == dropped or dropped[: len(path)] == path for path in strict)


def _named(error: str, part: Slice) -> str:
    """The error with the policy's own id in place of its position."""

    def name(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"`{part.statements[number].ref.id}`" if number < len(part.statements) else match[0]

    return printable(_POLICY.sub(name, error))
