"""Statements that differ only in names, told apart from their shape, so that thousands of them are read as one.

Policies for single agents, groups, tools and servers are mostly made from a pattern. Cedar parses and types each shape
once; for another statement of the same shape only the names are put in: the values of annotations and the ids of the
entities in the scope, none of which bears on types. Cedar proves that they stand nowhere else: it parses the shape with
other names, and each has to come out at its place. Only printable ASCII without escapes is taken for a name.
"""

import re
from collections.abc import Callable, Iterator

import msgspec
from cedarpy import pst

OPEN = ("Agent", "AgentGroup", "Category", "Server", "Tool")  # entity types whose ids are no part of the schema

_SPACE = r"[ \t\r\n]*+"
_PLAIN = r'"([ !#-\[\]-~]*+)"'
_NAMED = re.compile(
    rf"//[^\n]*+|@([A-Za-z_][A-Za-z0-9_]*+){_SPACE}\({_SPACE}{_PLAIN}"  # an annotation
    rf"|(?<![A-Za-z0-9_:])(?:{'|'.join(OPEN)}){_SPACE}::{_SPACE}{_PLAIN}"
    r'|"(?:[^"\\]++|\\.?)*+"?',
    re.DOTALL,
)
_HOLE = "\0"  # for a name: Cedar takes it nowhere outside a string
Parse = Callable[[str], pst.Template]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A statement's text with holes for names, and the names in the order of the text."""

    text: str
    notes: tuple[tuple[str, str], ...]  # annotations, which come first
    ids: tuple[str, ...]

    def filled(self, names: Iterator[str]) -> str:
        first, *rest = self.text.split(_HOLE)
        return first + "".join(f'"{name}"{piece}' for name, piece in zip(names, rest, strict=True))


def shape_of(text: str) -> Shape:
    notes: list[tuple[str, str]] = []
    ids: list[str] = []

    def erase(found: re.Match[str]) -> str:
        whole = found[0]
        if found[1] is not None:
            notes.append((found[1], found[2]))
        elif found[3] is not None:
            ids.append(found[3])
        else:
            return "" if whole.startswith("//") else whole
        return whole[: whole.index('"')] + _HOLE

    return Shape(text=_NAMED.sub(erase, text), notes=tuple(notes), ids=tuple(ids))


class Shapes:
    """Trees by shape, while one set is read."""

    def __init__(self, parse: Parse) -> None:
        """`parse` may raise."""
        self._parse = parse
        self._first: dict[str, pst.Template] = {}
        self._proven: dict[str, bool] = {}

    def read(self, text: str) -> tuple[str, pst.Template]:
        """What statements that are typed alike have in common, and the tree."""
        if _HOLE in text:
            return text, self._parse(text)
        shape = shape_of(text)
        first = self._first.get(shape.text)
        if first is None:
            first = self._first[shape.text] = self._parse(text)
            return shape.text, first
        if shape.text not in self._proven:
            self._proven[shape.text] = self._holds(shape, first)
        return (shape.text, _named(first, shape)) if self._proven[shape.text] else (text, self._parse(text))

    def _holds(self, shape: Shape, first: pst.Template) -> bool:
        """Whether Cedar finds names at the places that they are put into, and only there."""
        notes = tuple((name, f"note {place} {len(shape.text)}") for place, (name, _) in enumerate(shape.notes))
        ids = tuple(f"id {place} {len(shape.text)}" for place in range(len(shape.ids)))
        other = Shape(text=shape.text, notes=notes, ids=ids)
        try:
            tree = self._parse(other.filled(iter((*(value for _, value in notes), *ids))))
            return tree == _named(first, other)
        except (ValueError, StopIteration):  # fewer or other holes than in the scope
            return False


def _named(first: pst.Template, shape: Shape) -> pst.Template:
    """The tree with other names."""
    ids = iter(shape.ids)
    principal, resource = _renamed(first.principal, ids), _renamed(first.resource, ids)
    if next(ids, None) is not None:
        raise ValueError("expected names in the scope alone")
    annotations = pst.FrozenMap({**first.annotations, **dict(shape.notes)})
    return pst.Template(first.id, first.effect, principal, first.action, resource, first.clauses, annotations)


def _renamed(side: pst.PrincipalOrResourceConstraint, ids: Iterator[str]) -> pst.PrincipalOrResourceConstraint:
    match side:
        case pst.ScopeEq(entity=pst.EntityUid(type=kind)) if str(kind) in OPEN:
            return pst.ScopeEq(pst.EntityUid(kind, next(ids)))
        case pst.ScopeIn(entity=pst.EntityUid(type=kind)) if str(kind) in OPEN:
            return pst.ScopeIn(pst.EntityUid(kind, next(ids)))
        case pst.ScopeIsIn(entity_type=own, entity=pst.EntityUid(type=kind)) if str(kind) in OPEN:
            return pst.ScopeIsIn(own, pst.EntityUid(kind, next(ids)))
    return side
