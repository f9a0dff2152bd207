"""Policy texts, cut into statements with their lines, each parsed by itself.

Cedar's parser names no line and runs off the stack on deep or long expressions, which kills the process. So texts are
cut here, by a scanner that knows only strings, comments and `;`, and every statement is measured before Cedar sees it.
"""

from collections.abc import Iterator, Mapping

import cedarpy
import msgspec
from cedarpy import pst

from remit.policy.facts import PolicyRef
from remit.terms import Effect, Obligation, Refused

MAX_TEXT = 4_000_000  # characters of one file
MAX_STATEMENT = 64_000
MAX_NESTING = 64  # of brackets
MAX_OPERATORS = 300  # in one policy; the parser survives about 1,000 in a chain, the typed tree takes 100 levels

ANNOTATIONS = frozenset({"id", "reason", "remedy", "disclose", "ask", "approvals", "obligation"})
MAX_APPROVALS = 20  # different people that one call may have to wait for
_OPERATORS = frozenset("([{.!<>=&|+-*")
_WORDS = frozenset({"if", "then", "else", "has", "like", "in", "is", "when", "unless"})


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

    @property
    def forbids(self) -> bool:
        return self.tree.effect == "forbid"

    def problem(self, message: str) -> Problem:
        return Problem(file=self.ref.file, line=self.ref.line, policy=self.ref.id, message=message)


def read(texts: Mapping[str, str]) -> tuple[list[Statement], list[Problem]]:
    """Every statement that parses, and every one that does not."""
    statements: list[Statement] = []
    problems: list[Problem] = []
    for file, text in sorted(texts.items()):
        if len(text) > MAX_TEXT:
            problems.append(_at(file, 1, f"expected at most {MAX_TEXT} characters; split the file"))
            continue
        for line, piece in _pieces(text):
            parsed = _parse(file, line, piece)
            if isinstance(parsed, Problem):
                problems.append(parsed)
            else:
                statements.append(parsed)
    return statements, problems


def _parse(file: str, line: int, text: str) -> Statement | Problem:
    excess = _excess(text)
    if excess is not None:
        return _at(file, line, excess)
    try:
        found = cedarpy.policies_to_pst(text)
    except (ValueError, UnicodeEncodeError) as error:
        return _at(file, line, f"expected a Cedar policy ending in `;`: {printable(str(error))}")
    if found.templates:
        return _at(file, line, "expected a policy without `?principal` or `?resource`; write the entity itself")
    if len(found.static_policies) != 1:
        return _at(file, line, "expected one policy before the `;`")
    (tree,) = found.static_policies.values()
    return Statement(text=text, ref=_reference(tree, file, line), tree=tree)


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
    line = 1
    piece: list[str] = []
    started = 0
    for token in _tokens(text):
        if started or not (token.isspace() or token.startswith("//")):
            started = started or line
            piece.append(token)
        line += token.count("\n")
        if token.startswith(";"):
            yield started, "".join(piece)
            piece, started = [], 0
    if started:
        yield started, "".join(piece)


def _tokens(text: str) -> Iterator[str]:
    """Strings, comments and words whole, everything else character by character."""
    at, end = 0, len(text)
    while at < end:
        start, character = at, text[at]
        at += 1
        if character == '"':
            while at < end and text[at] != '"':
                at += 2 if text[at] == "\\" else 1
            at = min(at + 1, end)
        elif character == "/" and text[at : at + 1] == "/":
            newline = text.find("\n", at)
            at = end if newline < 0 else newline
        elif character.isalpha() or character == "_":
            while at < end and (text[at].isalnum() or text[at] == "_"):
                at += 1
        yield text[start:at]


def _excess(text: str) -> str | None:
    """Why Cedar's parser must not see this text."""
    if len(text) > MAX_STATEMENT:
        return f"expected a policy of at most {MAX_STATEMENT} characters; split it"
    depth = deepest = operators = 0
    for token in _tokens(text):
        operators += token in _OPERATORS or token in _WORDS
        depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
        deepest = max(deepest, depth)
    if deepest > MAX_NESTING:
        return f"expected at most {MAX_NESTING} levels of brackets, got {deepest}; split the policy"
    if operators > MAX_OPERATORS:
        return f"expected at most {MAX_OPERATORS} operators in one policy, got {operators}; split the policy"
    return None
