"""Types that the operator declares for subjects and resources that Remit keeps no records of.

`types.cedarschema` in the policy directory is an ordinary Cedar schema fragment:

    entity user = { roles?: Set<String> };
    entity record = { status: String };
    action read, write appliesTo { principal: [user, Agent], resource: record,
                                   context: { findings: Findings, approval?: Approval, action?: { soft?: Bool } } };

Entity types are AuthZEN's subject and resource types, letter for letter; actions are its action names. A context may
take `findings`, `mission`, `approval`, `instance`, `amount`, `dropped`, `mode` and `time` from Remit (with the types of
the same names); `action` holds AuthZEN's action properties; every other attribute comes from the request's context.
Cedar checks the text; this reads Cedar's own normalised rendering of it. Namespaces are refused.
"""

import re
from collections.abc import Iterator, Mapping

import cedarpy
import msgspec

from remit.policy.schema import BASE_TEXT, COMMON, ENTITIES, STANDARD, EntityType, Environment
from remit.policy.types import Attribute, EntityOf, Record, Scalar, SetOf, Type

MAX_TEXT = 200_000
MAX_DEPTH = 12  # of brackets: Cedar's parser runs off the stack on deep nesting

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*|.)', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_SCALARS = {**{kind.value: kind for kind in Scalar}, "Boolean": Scalar.BOOL}


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's own types, read."""

    text: str = ""
    entities: Mapping[str, EntityType] = {}
    environments: tuple[Environment, ...] = ()
    groups: frozenset[str] = frozenset()  # actions that only group others


class DeclarationError(ValueError):
    """The text declares nothing usable; the message says why."""


def declare(text: str | None) -> Declared:
    """Read the operator's types. Raises `DeclarationError`."""
    if text is None or not text.strip():
        return Declared()
    if len(text) > MAX_TEXT or _depth(text) > MAX_DEPTH:
        raise DeclarationError(f"expected at most {MAX_TEXT} characters and {MAX_DEPTH} levels of nesting")
    try:
        rendered = str(cedarpy.Schema.from_str(BASE_TEXT + text))
    except (ValueError, UnicodeEncodeError) as error:
        raise DeclarationError(str(error)[:500]) from None
    return _Reader(rendered).read(text)


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "{<[(") - (character in "}>])")
        deepest = max(deepest, depth)
    return deepest


class _Action(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    parents: tuple[str, ...]
    principals: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    context: Type = Record(attributes={})


class _Reader:
    """Recursive descent over Cedar's rendering of a valid schema."""

    def __init__(self, text: str) -> None:
        self.tokens: Iterator[str] = (match[1] for match in _TOKEN.finditer(text))
        self.token = ""
        self.commons: dict[str, Type] = {}
        self.entities: dict[str, EntityType] = {}
        self.actions: dict[str, _Action] = {}
        self._next()

    def read(self, text: str) -> Declared:
        while self.token:
            self._declaration()
        own = {
            name: EntityType(attributes=self._as_record(kind.attributes), ids=kind.ids)
            for name, kind in self.entities.items()
            if name not in ENTITIES
        }
        applied = [action for action in self.actions.values() if action.principals]
        return Declared(
            text=text,
            entities=own,
            environments=tuple(self._environment(action) for action in applied),
            groups=frozenset(name for name, action in self.actions.items() if not action.principals),
        )

    def _environment(self, action: _Action) -> Environment:
        context = self._as_record(action.context)
        for name, item in context.attributes.items():
            standard = STANDARD.attributes.get(name)
            if standard is not None and item.type != standard.type:
                hint = name.capitalize() if name.capitalize() in COMMON else "the type that docs/policies.md gives"
                raise DeclarationError(f'action "{action.name}": context.{name} is Remit\'s own; declare it as {hint}')
        return Environment(
            action=action.name,
            groups=frozenset(self._above(action.name)),
            principals=action.principals,
            resources=action.resources,
            context=context,
        )

    def _above(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = list(self.actions[name].parents)
        while waiting:
            parent = waiting.pop()
            if parent not in found:
                found.add(parent)
                waiting.extend(self.actions[parent].parents if parent in self.actions else ())
        return found

    def _as_record(self, kind: Type) -> Record:
        resolved = self._resolve(kind, 0)
        return resolved if isinstance(resolved, Record) else Record(attributes={})

    def _resolve(self, kind: Type, depth: int) -> Type:
        """Replace names of common types by what they stand for, and enumerated entity types by their ids."""
        if depth > MAX_DEPTH:
            raise DeclarationError(f"expected at most {MAX_DEPTH} levels of types in types")
        if isinstance(kind, Record):
            return Record(
                attributes={
                    name: Attribute(type=self._resolve(item.type, depth + 1), required=item.required)
                    for name, item in kind.attributes.items()
                }
            )
        if isinstance(kind, SetOf):
            return SetOf(of=self._resolve(kind.of, depth + 1))
        if isinstance(kind, EntityOf):
            if kind.name in self.commons:
                return self._resolve(self.commons[kind.name], depth + 1)
            if kind.name in self.entities:
                return EntityOf(name=kind.name, ids=self.entities[kind.name].ids)
        return kind

    # The grammar, one method a production.

    def _declaration(self) -> None:
        while self._take("@"):  # annotations
            self._name()
            if self._take("("):
                self._skip_to(")")
        word = self._name()
        if word == "type":
            name = self._name()
            self._expect("=")
            self.commons[name] = self._type()
            self._expect(";")
        elif word == "entity":
            self._entity()
        elif word == "action":
            self._action()
        else:
            raise DeclarationError(f"expected types without namespaces, got `{word[:40]}`")

    def _entity(self) -> None:
        name = self._name()
        if self._take("enum"):
            self._expect("[")
            self.entities[name] = EntityType(ids=tuple(self._names("]")))
            self._expect(";")
            return
        if self._take("in"):
            self._list()
        self._take("=")
        attributes = Record(attributes={}) if self.token in ("tags", ";") else self._type()
        assert isinstance(attributes, Record)
        self.entities[name] = EntityType(attributes=attributes)
        self._skip_to(";")  # tags: there are none in a request

    def _action(self) -> None:
        name = self._name()
        parents: tuple[str, ...] = tuple(self._list()) if self._take("in") else ()
        if not self._take("appliesTo"):
            self._expect(";")
            self.actions[name] = _Action(name=name, parents=parents)
            return
        self._expect("{")
        lists: dict[str, tuple[str, ...]] = {}
        context: Type = Record(attributes={})
        while not self._take("}"):
            key = self._name()
            self._expect(":")
            if key == "context":
                context = self._type()
            else:
                lists[key] = tuple(self._list())
            self._take(",")
        self._expect(";")
        self.actions[name] = _Action(
            name=name,
            parents=parents,
            principals=lists.get("principal", ()),
            resources=lists.get("resource", ()),
            context=context,
        )

    def _type(self) -> Type:
        if self._take("{"):
            attributes: dict[str, Attribute] = {}
            while not self._take("}"):
                name = self._name()
                optional = self._take("?")
                self._expect(":")
                attributes[name] = Attribute(type=self._type(), required=not optional)
                self._take(",")
            return Record(attributes=attributes)
        name = self._name().removeprefix("__cedar::")
        if name == "Set" and self._take("<"):
            inner = self._type()
            self._expect(">")
            return SetOf(of=inner)
        return _SCALARS.get(name) or EntityOf(name=name)

    def _list(self) -> list[str]:
        return self._names("]") if self._take("[") else [self._reference()]

    def _names(self, end: str) -> list[str]:
        found = []
        while not self._take(end):
            found.append(self._reference())
            self._take(",")
        return found

    def _reference(self) -> str:
        """A name, a quoted name, or `Action::"name"`."""
        name = self._name()
        if self._take(":"):  # the second colon and the quoted id follow
            self._expect(":")
            return self._name()
        return name

    def _name(self) -> str:
        token = self._next()
        if not token.startswith('"'):
            return token
        return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _PLAIN.get(m[2], m[2]), token[1:-1])

    def _next(self) -> str:
        token, self.token = self.token, next(self.tokens, "").strip()
        return token

    def _take(self, token: str) -> bool:
        if self.token != token:
            return False
        self._next()
        return True

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise DeclarationError(f"expected `{token}`, got `{self.token[:40]}`")

    def _skip_to(self, token: str) -> None:
        while self.token and not self._take(token):
            self._next()
