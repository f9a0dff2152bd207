"""Whether a piece of Python only computes: agents do their sums and dates that way.

Read as a tree, never run. It computes when it is made of figures, texts and collections, of functions that are known
to look at their arguments alone, and of names that it gave itself. Whatever else there is, an attribute of a module
that is not on the list, a name that nobody gave, a definition, a `while`, leaves it untold: the tool stays what it is,
which is the safe way to be wrong. Limits: that it takes long or much memory is not seen.
"""

import ast

from remit.catalogue.words import word_set
from remit.terms import OperationClass

MAX_SCRIPT = 4_000  # characters; a longer one is not told
_BUILTINS = word_set(
    """print round sum min max len abs range sorted int float str bool list dict set tuple zip enumerate any all pow
    divmod reversed True False None"""
)
# Of each module what may be used; the rest of it may lead anywhere.
_MODULES = {
    "math": word_set(
        """sqrt floor ceil trunc pi e log log2 log10 exp pow fabs fsum prod gcd lcm sin cos tan asin acos atan atan2
        hypot degrees radians comb perm factorial isclose isnan inf nan"""
    ),
    "datetime": word_set("date datetime time timedelta timezone UTC"),
    "decimal": word_set("Decimal ROUND_HALF_UP ROUND_HALF_EVEN ROUND_DOWN ROUND_UP"),
    "fractions": word_set("Fraction"),
    "statistics": word_set("mean fmean median mode stdev pstdev variance pvariance"),
}
# Of values: what dates, figures, texts and collections have. Not what frames have, to which generators lead, nor
# `format`, which reaches for attributes by itself.
_METHODS = word_set(
    """year month day hour minute second days seconds weekday isoweekday isocalendar isoformat strftime strptime
    fromisoformat total_seconds date time replace combine upper lower strip lstrip rstrip split join startswith endswith
    title zfill append extend insert pop sort reverse index count items keys values get update add union intersection
    difference quantize numerator denominator"""
)
_PLAIN = (
    ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For,
    ast.If, ast.Pass, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword, ast.Constant,
    ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Subscript, ast.Slice, ast.ListComp, ast.SetComp, ast.DictComp,
    ast.GeneratorExp, ast.comprehension, ast.JoinedStr, ast.FormattedValue, ast.Starred, ast.expr_context, ast.operator,
    ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip


def script_classes(text: str) -> tuple[OperationClass, ...]:
    """`(READ,)` of a script that only computes; () where this is not sure."""
    if len(text) > MAX_SCRIPT:
        return ()
    try:
        tree = ast.parse(text)
        return (OperationClass.READ,) if _Script(tree).computes() else ()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


class _Script:
    def __init__(self, tree: ast.Module) -> None:
        self._nodes = list(ast.walk(tree))
        self._modules: dict[str, str] = {}  # by the name that they are called here
        self._given: set[str] = set(_BUILTINS)
        self._owned: set[int] = set()  # names of modules in front of something that may be used

    def computes(self) -> bool:
        return all(map(self._imports, self._nodes)) and all(map(self._harmless, self._nodes))

    def _imports(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Import):
            self._modules |= {one.asname or one.name: one.name for one in node.names}
            return all(one.name in _MODULES for one in node.names)
        if isinstance(node, ast.ImportFrom):
            self._given |= {one.asname or one.name for one in node.names}
            return not node.level and all(one.name in _MODULES.get(node.module or "", ()) for one in node.names)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            self._given.add(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            self._owned.add(id(node.value))
        return True

    def _harmless(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            if node.id in self._modules:
                return id(node) in self._owned  # a module is not handed on
            return node.id in self._given
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in self._modules:
                return node.attr in _MODULES[self._modules[node.value.id]]
            return isinstance(node.ctx, ast.Load) and node.attr in _METHODS
        return isinstance(node, _PLAIN)
