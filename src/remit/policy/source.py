"""Policy texts, cut into statements with their lines, each parsed by itself.

Cedar's parser names no line and runs off the stack on deep or long expressions, which kills the process. So texts are
cut here, by a scanner that knows only strings, comments and `;`, and every statement is measured before Cedar sees it.
"""

import re
from collections.abc import Iterator, Mapping

import cedarpy
import msgspec
from cedarpy import pst

from remit.policy.conditions import Conditions
from remit.policy.facts import PolicyRef
from remit.policy.shapes import Shapes
from remit.terms import Effect, Obligation, Refused

MAX_TEXT = 4_000_000  # characters of one file
MAX_STATEMENT = 64_000
MAX_NESTING = 64  # of brackets
MAX_OPERATORS = 300  # in one policy; the parser survives about 1,000 in a chain, the typed tree takes 100 levels

ANNOTATIONS = frozenset({"id", "reason", "remedy", "disclose", "ask", "approvals", "obligation"})
MAX_APPROVALS = 20  # different people that one call may have to wait for
_STRING = r'"(?:[^"\\]++|\\.?)*+"?'
_COMMENT = r"//[^\n]*+"
_SKIPPED = re.compile(rf"(?:\s++|{_COMMENT})*+")
_STATEMENT = re.compile(rf'(?:[^"/;]++|{_STRING}|{_COMMENT}|/)*+;?', re.DOTALL)
_TOKEN = re.compile(rf"{_STRING}|{_COMMENT}|[^\W\d]\w*+|[(\[{{.!<>=&|+\-*)\]}}]", re.DOTALL)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_COUNTED = frozenset("([{.!<>=&|+-*") | {"if", "then", "else", "has", "like", "in", "is", "when", "unless"}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that keeps a policy set from working."""

    file: str
    line: int
    policy: str  # its @id, "" when it has none
    message: str  # what was expected, and what to do

    def __str__(self) -> str:
        name = f"policy `{self.policy}`: " if self.policy else ""
        return f"{self.file}:{self.line}: {name}{self.message}"


class PolicyRefused(Refused):
    """The policies cannot work as they are; `problems` has them all."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One policy: its text, its parsed form and how people know it."""

    text: str
    ref: PolicyRef
    tree: pst.Template
    shape: str  # the same for statements that are typed alike
    conditions: Conditions

    @property
    def forbids(self) -> bool:
        return self.tree.effect == "forbid"

    def problem(self, message: str) -> Problem:
        return Problem(file=self.ref.file, line=self.ref.line, policy=self.ref.id, message=message)


def read(texts: Mapping[str, str]) -> tuple[list[Statement], list[Problem]]:
    """Every statement that parses, and every one that does not."""
    statements: list[Statement] = []
    problems: list[Problem] = []
    shapes = Shapes(_tree)
    conditions: dict[int, Conditions] = {}  # by their clauses, which statements of one shape have in common
    for file, text in sorted(texts.items()):
        if len(text) > MAX_TEXT:
            problems.append(_at(file, 1, f"expected at most {MAX_TEXT} characters; split the file"))
            continue
        for line, piece in _pieces(text):
            parsed = _parse(file, line, piece, shapes, conditions)
            if isinstance(parsed, Problem):
                problems.append(parsed)
            else:
                statements.append(parsed)
    return statements, problems


def _parse(file: str, line: int, text: str, shapes: Shapes, conditions: dict[int, Conditions]) -> Statement | Problem:
    try:
        _measure(text)
        shape, tree = shapes.read(text)
    except _NoPolicy as error:
        return _at(file, line, str(error))
    except (ValueError, UnicodeEncodeError) as error:
        return _at(file, line, f"expected a Cedar policy ending in `;`: {printable(str(error))}")
    return Statement(
        text=text,
        ref=_reference(tree, file, line),
        tree=tree,
        shape=shape,
        conditions=conditions.setdefault(id(tree.clauses), Conditions(tree)),
    )


class _NoPolicy(ValueError):
    """The text is no single policy as we take them; the message says what it should be."""


def _tree(text: str) -> pst.Template:
    found = cedarpy.policies_to_pst(text)
    if found.templates:
        raise _NoPolicy("expected a policy without `?principal` or `?resource`; write the entity itself")
    if len(found.static_policies) != 1:
        raise _NoPolicy("expected one policy before the `;`")
    (tree,) = found.static_policies.values()
    return tree


def _reference(tree: pst.Template, file: str, line: int) -> PolicyRef:
    notes = tree.annotations
    ask = names(notes.get("ask", ""))
    effect = Effect.PERMIT if tree.effect == "permit" else Effect.ASK if ask else Effect.DENY
    return PolicyRef(
        id=notes.get("id", ""),
        effect=effect,
        reason=notes.get("reason", ""),
        remedy=notes.get("remedy", ""),
        disclose=notes.get("disclose") == "true",
        ask=ask,
        needed=approvals(notes.get("approvals", "1")) or MAX_APPROVALS,  # nonsense, which `checks` refuses, lifts least
        obligations=tuple(_obligation(item) for item in names(notes.get("obligation", ""))),
        file=file,
        line=line,
    )


def approvals(text: str) -> int | None:
    """The number in `@approvals("2")`; None unless it is 1 to `MAX_APPROVALS`, in plain digits."""
    plain = text.isascii() and text.isdecimal() and len(text) <= 2 and not text.startswith("0")
    return int(text) if plain and int(text) <= MAX_APPROVALS else None


def names(text: str) -> tuple[str, ...]:
    """The items of a list with commas."""
    return tuple(item for item in (part.strip() for part in text.split(",")) if item)


def _obligation(text: str) -> Obligation:
    name, _, value = text.partition("=")
    return Obligation(id=name.strip(), value=value.strip())


def _at(file: str, line: int, message: str) -> Problem:
    return Problem(file=file, line=line, policy="", message=message)


def printable(text: str, limit: int = 400) -> str:
    """Foreign text on one line, without control characters or terminal escapes."""
    shown = text if len(text) <= limit else text[:limit] + "…"
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in shown)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Each statement with the line it starts on; text that no `;` ends comes as the last piece."""
    line, counted, end = 1, 0, len(text)
    at = _skip(text, 0)
    while at < end:
        found = _STATEMENT.match(text, at)
        assert found is not None  # it takes anything
        line += text.count("\n", counted, at)
        counted = at
        yield line, found[0]
        at = _skip(text, found.end())


def _skip(text: str, at: int) -> int:
    """Past what stands between statements."""
    found = _SKIPPED.match(text, at)
    return at if found is None else found.end()


def _measure(text: str) -> None:
    """Raises `_NoPolicy` when Cedar's parser must not see this text."""
    if len(text) > MAX_STATEMENT:
        raise _NoPolicy(f"expected a policy of at most {MAX_STATEMENT} characters; split it")
    tokens = _TOKEN.findall(text)
    depth = deepest = 0
    for token in tokens:
        if token in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif token in _CLOSING:
            depth -= 1
    operators = sum([token in _COUNTED for token in tokens])
    if deepest > MAX_NESTING:
        raise _NoPolicy(f"expected at most {MAX_NESTING} levels of brackets, got {deepest}; split the policy")
    if operators > MAX_OPERATORS:
        raise _NoPolicy(f"expected at most {MAX_OPERATORS} operators in one policy, got {operators}; split the policy")
