"""A policy's conditions as one Python function, built from Cedar's typed tree.

The function is made of `ast` nodes and constants, never of source text, so nothing that a policy says can become code:
names in it are ours (`c`, `f`, `p`, `r`, `q` and the operators), and all that a policy wrote are constants.

    c  attributes of the context              p, r  attributes of the principal and of the resource
    f  attributes of `context.findings`, whatever that is (None: neither entity nor record)
    q  the `Request`: uids, what they are in, and the entities that are known

Three things make it fast: a path from a variable is a look-up, comparison with a constant is Python's own, and a check
of types is left out where an operator's result is known to be a Bool. All else calls `operators`.
"""

import ast
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType
from typing import Any

import msgspec
from cedarpy import pst

from remit.policy.compiled import operators
from remit.policy.compiled.extensions import CONSTRUCTORS
from remit.policy.compiled.operators import BINARY, UNARY, WITH_REQUEST, Request
from remit.policy.compiled.values import Erred, Value, key

Attributes = Mapping[str, Value]
Condition = Callable[[Attributes, Attributes | None, Attributes, Attributes, Request], bool]

FINDINGS = pst.GetAttr(pst.Var("context"), "findings")  # the one nested path that every policy set reads all the time
_ROOTS = {"context": "c", "principal": "p", "resource": "r"}
_ARGUMENTS = ("c", "f", "p", "r", "q")
_BOOLS = frozenset({
    "not", "eq", "not_eq", "less", "less_eq", "greater", "greater_eq", "and", "or", "in", "contains", "contains_all",
    "contains_any", "has_tag", "is_in_range", "decimal_less_than", "decimal_less_eq", "decimal_greater",
    "decimal_greater_eq", "is_empty", "is_ipv4", "is_ipv6", "is_loopback", "is_multicast",
})  # fmt: skip
_FEW = 12  # elements that are compared one by one rather than hashed


class Uncompilable(Exception):
    """The typed tree has something that this compiler does not know: the policy stays with the reference."""


class _Code(msgspec.Struct, frozen=True, kw_only=True):
    """An expression: how to compute it, whether it is certainly a Bool, its value where that is known."""

    tree: Any  # ast.expr
    boolean: bool = False
    constant: tuple[Value] | None = None

    @property
    def plain(self) -> bool:
        """A constant string or entity: Python compares it with any value as Cedar does, without its `key`."""
        return self.constant is not None and type(self.constant[0]) in (str, tuple)


def compile_conditions(tree: pst.Template) -> Condition:
    """The clauses of a policy; its scope is the index's. Raises `Uncompilable`, or what Python's compiler raises."""
    writer = _Writer()
    clauses = [writer.clause(clause) for clause in tree.clauses]
    return writer.function(_all(clauses) if clauses else ast.Constant(value=True))


class _Writer:
    """Writes expressions; constants that Python code cannot hold itself lie in `names`."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.temporaries = 0
        self.methods: dict[type, Callable[[Any], _Code]] = {
            pst.GetAttr: self._attribute, pst.HasAttr: self._has, pst.UnaryOp: self._unary, pst.BinaryOp: self._binary,
            pst.Like: self._like, pst.Is: self._is, pst.IfThenElse: self._choice, pst.Set: self._set,
            pst.Record: self._record,
        }  # fmt: skip

    def function(self, body: ast.expr) -> Condition:
        arguments = [ast.arg(arg=name) for name in _ARGUMENTS]
        signature = ast.arguments(posonlyargs=[], args=arguments, kwonlyargs=[], kw_defaults=[], defaults=[])
        module = ast.Expression(body=ast.Lambda(args=signature, body=body))
        code = compile(ast.fix_missing_locations(module), "<policy>", "eval")
        (inner,) = (item for item in code.co_consts if isinstance(item, CodeType))
        made: Condition = FunctionType(inner, {"__builtins__": {}, **self.names}, "condition")
        return made

    def clause(self, clause: pst.Clause) -> ast.expr:
        holds = self.truth(clause.expr)
        return holds if isinstance(clause, pst.When) else ast.UnaryOp(op=ast.Not(), operand=holds)

    def truth(self, expression: pst.Expr) -> ast.expr:
        """The expression where Cedar takes only a Bool."""
        code = self.write(expression)
        tree: ast.expr = code.tree if code.boolean else self.call(operators.truth, code.tree)
        return tree

    def write(self, expression: pst.Expr) -> _Code:
        match expression:
            case pst.BoolLit(value):
                return _Code(tree=ast.Constant(value=value), boolean=True, constant=(value,))
            case pst.LongLit(value) | pst.StringLit(value):
                return self.constant(value)
            case pst.EntityLit(value):
                return self.constant((str(value.type), value.id))
            case pst.Var(name):
                return _Code(tree=_name("c") if name == "context" else _member("q", name))
        method = self.methods.get(type(expression))
        if method is None:
            raise Uncompilable(f"no form for {type(expression).__name__}")
        return method(expression)

    # Attributes

    def _attribute(self, path: pst.GetAttr) -> _Code:
        root = _ROOTS.get(path.base.name) if isinstance(path.base, pst.Var) else "f" if path.base == FINDINGS else None
        if root is not None:
            return _Code(tree=_item(_name(root), path.attr))
        return _Code(tree=self.member(self.write(path.base).tree, path.attr))

    def _has(self, test: pst.HasAttr) -> _Code:
        first, *rest = test.attrs
        if isinstance(test.base, pst.Var) and test.base.name in _ROOTS:
            root = _name(_ROOTS[test.base.name])
            steps: list[ast.expr] = [_compare(ast.Constant(value=first), ast.In(), root)]
            reached: ast.expr = _item(root, first)
        else:
            kept, base = self.keep(self.write(test.base).tree)
            steps = [self.test(kept, base, first)]
            reached = self.member(base, first)
        for name in rest:
            kept, again = self.keep(reached)
            steps.append(self.test(kept, again, name))
            reached = self.member(again, name)
        return _Code(tree=_all(steps), boolean=True)

    # Operators

    def _unary(self, operation: pst.UnaryOp) -> _Code:
        if operation.op == "not":
            return _Code(tree=ast.UnaryOp(op=ast.Not(), operand=self.truth(operation.arg)), boolean=True)
        argument = self.write(operation.arg)
        if operation.op in CONSTRUCTORS and argument.constant is not None:
            return self._constructed(operation.op, argument.constant[0])
        function = UNARY.get(operation.op)
        if function is None:
            raise Uncompilable(f"no operator {operation.op}")
        return _Code(tree=self.call(function, argument.tree), boolean=operation.op in _BOOLS)

    def _constructed(self, name: str, text: Value) -> _Code:
        try:
            return self.constant(UNARY[name](text))
        except Erred:  # when it is evaluated, and only then
            return _Code(tree=self.call(operators.erred))

    def _binary(self, operation: pst.BinaryOp) -> _Code:
        if operation.op in ("and", "or"):
            join: ast.boolop = ast.And() if operation.op == "and" else ast.Or()
            values = [self.truth(operation.left), self.truth(operation.right)]
            return _Code(tree=ast.BoolOp(op=join, values=values), boolean=True)
        left, right = self.write(operation.left), self.write(operation.right)
        tree = self._applied(operation, left, right)
        return _Code(tree=tree, boolean=operation.op in _BOOLS)

    def _applied(self, operation: pst.BinaryOp, left: _Code, right: _Code) -> ast.expr:
        name = operation.op
        if name in ("eq", "not_eq"):
            return self._equal(left, right, name == "eq")
        if name == "in" and isinstance(operation.left, pst.Var) and operation.left.name != "context":
            below = self._below(operation.left.name, right)
            if below is not None:
                return below
        if name == "contains" and left.constant is not None and type(left.constant[0]) is frozenset:
            items = left.constant[0]
            if len(items) <= _FEW and all(type(item) in (str, tuple) for item in items):
                return _compare(right.tree, ast.In(), _constant(tuple(items)))
        if name in WITH_REQUEST:
            return self.call(WITH_REQUEST[name], left.tree, right.tree, _name("q"))
        function = BINARY.get(name)
        if function is None:
            raise Uncompilable(f"no operator {name}")
        return self.call(function, left.tree, right.tree)

    def _equal(self, left: _Code, right: _Code, equal: bool) -> ast.expr:
        if left.plain or right.plain:
            return _compare(left.tree, ast.Eq() if equal else ast.NotEq(), right.tree)
        same = self.call(operators.same, left.tree, right.tree)
        return same if equal else ast.UnaryOp(op=ast.Not(), operand=same)

    def _below(self, variable: str, group: _Code) -> ast.expr | None:
        """`principal in Group::"x"` and `principal in [Group::"x", …]` over constants."""
        if group.constant is None:
            return None
        above, wanted = _member("q", f"{variable}s"), group.constant[0]
        if type(wanted) is tuple:
            return _compare(group.tree, ast.In(), above)
        if type(wanted) is frozenset and all(type(item) is tuple for item in wanted):
            disjoint = ast.Attribute(value=above, attr="isdisjoint", ctx=ast.Load())
            return ast.UnaryOp(op=ast.Not(), operand=_call(disjoint, group.tree))
        return None

    def _like(self, test: pst.Like) -> _Code:
        pieces = [""]
        for element in test.pattern:
            if isinstance(element, pst.Char):
                pieces[-1] += element.value
            else:
                pieces.append("")
        base = self.write(test.base).tree
        return _Code(tree=self.call(operators.like, base, _constant(tuple(pieces))), boolean=True)

    def _is(self, test: pst.Is) -> _Code:
        kept, again = self.keep(self.write(test.base).tree)
        steps: list[ast.expr] = [self.call(operators.is_kind, kept, ast.Constant(value=str(test.entity_type)))]
        if test.in_expr is not None:
            group = self.write(test.in_expr).tree
            steps.append(self.call(operators.inside, again, group, _name("q")))
        return _Code(tree=_all(steps), boolean=True)

    def _choice(self, choice: pst.IfThenElse) -> _Code:
        one, other = self.write(choice.then_expr), self.write(choice.else_expr)
        tree = ast.IfExp(test=self.truth(choice.cond), body=one.tree, orelse=other.tree)
        return _Code(tree=tree, boolean=one.boolean and other.boolean)

    def _set(self, literal: pst.Set) -> _Code:
        items = [self.write(element) for element in literal.elements]
        known = [item.constant[0] for item in items if item.constant is not None]
        if len(known) == len(items):
            return self.constant(frozenset(map(key, known)))
        return _Code(tree=self.call(operators.members, *(item.tree for item in items)))

    def _record(self, literal: pst.Record) -> _Code:
        keys: list[ast.expr | None] = [ast.Constant(value=name) for name in literal.fields]
        return _Code(tree=ast.Dict(keys=keys, values=[self.write(item).tree for item in literal.fields.values()]))

    # Pieces of Python

    def constant(self, value: Value) -> _Code:
        if type(value) in (int, str, tuple):
            return _Code(tree=_constant(value), constant=(value,))
        return _Code(tree=self.named(value, "k"), constant=(value,))

    def call(self, function: Callable[..., Any], *arguments: ast.expr) -> ast.expr:
        return _call(self.named(function, function.__name__), *arguments)

    def named(self, value: object, stem: str) -> ast.Name:
        found = next((name for name, known in self.names.items() if known is value), None)
        name = found or f"{stem}_{len(self.names)}"
        self.names[name] = value
        return _name(name)

    def member(self, base: ast.expr, name: str) -> ast.expr:
        """`base.name`: at once for a record, which it nearly always is."""
        kept, again = self.keep(base)
        entity = self.call(operators.attribute, again, ast.Constant(value=name), _name("q"))
        return ast.IfExp(test=self.is_record(kept), body=_item(again, name), orelse=entity)

    def test(self, kept: ast.expr, again: ast.expr, name: str) -> ast.expr:
        """`base has name`."""
        entity = self.call(operators.has, again, ast.Constant(value=name), _name("q"))
        found = _compare(ast.Constant(value=name), ast.In(), again)
        return ast.IfExp(test=self.is_record(kept), body=found, orelse=entity)

    def is_record(self, tree: ast.expr) -> ast.expr:
        return _compare(self.call(type, tree), ast.Is(), self.named(dict, "dict"))

    def keep(self, tree: ast.expr) -> tuple[ast.expr, ast.expr]:
        """The expression, computed once: where it is computed, and where its value is used again."""
        self.temporaries += 1
        name = f"t{self.temporaries}"
        return ast.NamedExpr(target=ast.Name(id=name, ctx=ast.Store()), value=tree), _name(name)


def _constant(value: Any) -> ast.expr:
    return ast.Constant(value=value)


def _name(name: str) -> ast.Name:
    return ast.Name(id=name, ctx=ast.Load())


def _member(owner: str, name: str) -> ast.expr:
    return ast.Attribute(value=_name(owner), attr=name, ctx=ast.Load())


def _item(owner: ast.expr, name: str) -> ast.expr:
    return ast.Subscript(value=owner, slice=ast.Constant(value=name), ctx=ast.Load())


def _call(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    return ast.Call(func=function, args=list(arguments), keywords=[])


def _compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
    return ast.Compare(left=left, ops=[operator], comparators=[right])


def _all(steps: list[ast.expr]) -> ast.expr:
    return steps[0] if len(steps) == 1 else ast.BoolOp(op=ast.And(), values=steps)
