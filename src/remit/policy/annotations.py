"""Checks of annotations: names, reasons, and who may lift a forbid."""

from collections.abc import Iterator, Sequence

from cedarpy import pst

from remit.policy.reads import path_of
from remit.policy.source import MAX_APPROVALS, Problem, Statement, approvals, printable
from remit.policy.types import Path
from remit.terms import is_identifier

ID_LENGTH = 100
LINE_LENGTH = 300  # of a reason or remedy: one line that people read
GROUPS: Path = ("context", "approval", "groups")


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
            yield f"@ask names the group `{printable(group, 60)}`, which is not configured; {choice(groups)}"
        if not any(_lifts(expression, group) for expression in unless):
            yield (
                f"@ask({group!r}) needs `unless {{ context has approval && "
                f'context.approval.groups.contains("{printable(group, 60)}") }}`: without it no approval can lift it'
            )


def _lifts(expression: pst.Expr, group: str) -> bool:
    """Whether an approval from `group` alone makes the expression true."""
    if isinstance(expression, pst.HasAttr):
        return path_of(expression.base) == ("context",) and expression.attrs[0] == "approval"
    if isinstance(expression, pst.BinaryOp):
        if expression.op == "and":
            return _lifts(expression.left, group) and _lifts(expression.right, group)
        if expression.op == "or":
            return _lifts(expression.left, group) or _lifts(expression.right, group)
        if path_of(expression.left) == GROUPS:
            if expression.op == "contains_any" and isinstance(expression.right, pst.Set):
                return pst.StringLit(group) in expression.right.elements
            return expression.op == "contains" and expression.right == pst.StringLit(group)
    return False


def choice(known: Sequence[str]) -> str:
    """What to name instead."""
    shown = ", ".join(printable(name, 60) for name in known[:20])
    return f"expected one of {shown}" if shown else "none are configured: add them to remit.toml"
