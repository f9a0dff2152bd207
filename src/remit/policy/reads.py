"""What a policy reads: paths in its conditions, the variable first: `("context", "arguments", "amount")`."""

from collections.abc import Iterator
from dataclasses import fields

from cedarpy import pst

from remit.policy.types import Path


def paths(tree: pst.Template) -> frozenset[Path]:
    """Every longest path from a variable, tested with `has` or used; a variable used as a whole is a path of one."""
    return used(tree) | _tested(tree)


def used(tree: pst.Template) -> frozenset[Path]:
    """The longest paths whose values are used."""
    found: set[Path] = set()
    for clause in tree.clauses:
        _collect(clause.expr, found)
    return frozenset(found)


def _tested(tree: pst.Template) -> frozenset[Path]:
    tests = ((path_of(part.base), part.attrs) for part in parts(tree) if isinstance(part, pst.HasAttr))
    return frozenset((*base, *attrs) for base, attrs in tests if base is not None)


def path_of(expression: pst.Expr) -> Path | None:
    """The path that an expression is, if it is one."""
    attributes: list[str] = []
    while isinstance(expression, pst.GetAttr):
        attributes.append(expression.attr)
        expression = expression.base
    return (expression.name, *reversed(attributes)) if isinstance(expression, pst.Var) else None


def parts(tree: pst.Template) -> Iterator[pst.Expr]:
    """Every expression in the conditions, outermost first."""
    waiting: list[pst.Expr] = [clause.expr for clause in tree.clauses]
    while waiting:
        expression = waiting.pop()
        yield expression
        waiting.extend(children(expression))


def children(expression: pst.Expr) -> list[pst.Expr]:
    if isinstance(expression, pst.Set):
        return list(expression.elements)
    if isinstance(expression, pst.Record):
        return list(expression.fields.values())
    values = [getattr(expression, name) for name in _FIELDS.get(type(expression), ())]
    return [value for value in values if type(value) in _FIELDS]


_EXPRESSIONS = (
    pst.Var, pst.BoolLit, pst.LongLit, pst.StringLit, pst.EntityLit, pst.UnaryOp, pst.BinaryOp, pst.GetAttr,
    pst.HasAttr, pst.Like, pst.Is, pst.IfThenElse, pst.Set, pst.Record,
)  # fmt: skip
_FIELDS: dict[type, tuple[str, ...]] = {kind: tuple(field.name for field in fields(kind)) for kind in _EXPRESSIONS}


def _collect(expression: pst.Expr, found: set[Path]) -> None:
    """Depth is bounded: the typed tree has at most 100 levels."""
    path = path_of(expression)
    if path is not None:
        found.add(path)
        return
    if isinstance(expression, pst.HasAttr) and path_of(expression.base) is not None:
        return
    for child in children(expression):
        _collect(child, found)
