"""Cedar's types as values, and JSON values converted by them.

The threat: Cedar's own JSON reader gives meaning to data (`{"__entity": …}` is an entity, `{"__extn": …}` an extension
value). So the type always comes from a schema and data only fills it in: a String takes a string and nothing else.
What does not fit is omitted and named; nothing here raises, whatever the value.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import msgspec

RESERVED = frozenset({"__entity", "__extn", "__expr"})  # members that Cedar's JSON gives meaning to
MAX_LONG = 2**63 - 1
MAX_DECIMAL = Decimal("922337203685477.5807")  # Cedar: 64 bits with four places
PLACES = 4
TICKS = 10**PLACES


class Scalar(StrEnum):
    BOOL = "Bool"
    LONG = "Long"
    STRING = "String"
    DECIMAL = "decimal"
    DATETIME = "datetime"
    DURATION = "duration"
    IP = "ipaddr"


class EntityOf(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    ids: tuple[str, ...] | None = None  # of an enumerated type


class SetOf(msgspec.Struct, frozen=True, kw_only=True):
    of: "Type"


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    type: "Type"
    required: bool = True


class Record(msgspec.Struct, frozen=True, kw_only=True):
    attributes: Mapping[str, Attribute]


Type = Scalar | EntityOf | SetOf | Record


Path = tuple[str, ...]  # names of attributes, outermost first


class Misfits(msgspec.Struct, kw_only=True):
    """What a conversion left out: values that did not fit, and required attributes that were not there."""

    dropped: list[Path] = []
    missing: list[Path] = []


class _Misfit:
    pass


_MISFIT = _Misfit()


def entity(kind: str, name: str) -> dict[str, Any]:
    """An entity reference in Cedar's JSON. Only ever called with a type of ours."""
    return {"__entity": {"type": kind, "id": name}}


def extension(function: str, argument: str) -> dict[str, Any]:
    return {"__extn": {"fn": function, "arg": argument}}


def _datetime_json(milliseconds: int) -> dict[str, Any]:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return extension("datetime", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How values are written: as Cedar's JSON for the reference, or as they are for compiled policies.

    What fits a type is decided here, once for both; how the value of an extension is read from text is not.
    """

    entity: Callable[[str, str], Any]  # type, id
    decimal: Callable[[int], Any]  # ten-thousandths, in Cedar's range
    datetime: Callable[[int], Any]  # milliseconds since the epoch
    extension: Callable[[str, str], Any]  # constructor, argument
    items: Callable[[list[Any]], Any]  # of a set


JSON = Form(
    entity=entity,
    decimal=lambda ticks: extension("decimal", decimal_text(ticks)),
    datetime=_datetime_json,
    extension=extension,
    items=lambda items: items,
)


def to_record(
    value: Mapping[str, Any], kind: Record, misfits: Misfits, prefix: Path = (), form: Form = JSON
) -> dict[str, Any]:
    """The attributes of `kind` that `value` has in the right type. `null` counts as absent."""
    record: dict[str, Any] = {}
    for name, attribute in kind.attributes.items():
        item = value.get(name)
        if item is not None:
            of = attribute.type
            if isinstance(of, Scalar):
                converted = _scalar(item, of, form)
            else:
                converted = _convert(item, of, misfits, (*prefix, name), form)
            if converted is not _MISFIT:
                record[name] = converted
                continue
            misfits.dropped.append((*prefix, name))
        if attribute.required:
            misfits.missing.append((*prefix, name))
    return record


def to_ticks(value: object) -> int | None:
    """A number with at most four places within Cedar's range, in ten-thousandths; None for any other."""
    if type(value) is float and -_EXACT < value < _EXACT:
        ticks = round(value * TICKS)
        return ticks if ticks / TICKS == value else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite() or abs(number) > MAX_DECIMAL or number != round(number, PLACES):
            return None
    except InvalidOperation:
        return None
    return int(number.scaleb(PLACES))


# Below it, ten-thousandths have at most 15 digits. A decimal of 15 digits is the shortest text of its float, so that
# dividing them gives the float back exactly when its text has four places: no need to write the text.
_EXACT = 1e11


def decimal_text(ticks: int) -> str:
    whole, fraction = divmod(abs(ticks), TICKS)
    return f"{'-' if ticks < 0 else ''}{whole}.{fraction:0{PLACES}}"


def _convert(value: Any, kind: Type, misfits: Misfits, path: Path, form: Form) -> Any:
    if isinstance(kind, Scalar):
        return _scalar(value, kind, form)
    if isinstance(kind, Record):
        return to_record(value, kind, misfits, path, form) if isinstance(value, Mapping) else _MISFIT
    if isinstance(kind, SetOf):
        if not isinstance(value, list | tuple):
            return _MISFIT
        items = [_convert(item, kind.of, misfits, path, form) for item in value]
        return _MISFIT if any(item is _MISFIT for item in items) else form.items(items)
    if not _is_text(value) or (kind.ids is not None and value not in kind.ids):
        return _MISFIT
    return form.entity(kind.name, value)


def _scalar(value: Any, kind: Scalar, form: Form) -> Any:
    if kind is Scalar.STRING:
        return value if _is_text(value) else _MISFIT
    if kind is Scalar.DECIMAL:
        ticks = to_ticks(value)
        return _MISFIT if ticks is None else form.decimal(ticks)
    if kind is Scalar.LONG:
        return _long(value)
    if kind is Scalar.BOOL:
        return value if isinstance(value, bool) else _MISFIT
    if not _is_text(value) or not _is_extension_text(value, kind):
        return _MISFIT
    return form.extension("ip" if kind is Scalar.IP else kind.value, value)


def _long(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():  # JSON Schema 2020-12 section 6.1.1: 5.0 is an integer
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return _MISFIT
    return value if -MAX_LONG <= value <= MAX_LONG else _MISFIT


def _is_text(value: object) -> bool:
    """A string that UTF-8 can hold."""
    if not isinstance(value, str):
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_DATETIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d{4}))?", re.ASCII)
_DURATION = re.compile(r"-?(?=\d)(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m(?!s))?(\d{1,9}s)?(\d{1,9}ms)?", re.ASCII)


def _is_extension_text(value: str, kind: Scalar) -> bool:
    """Whether Cedar would read `value`; a text that it refuses would make the whole request an error."""
    if len(value) > 64:
        return False
    try:
        if kind is Scalar.IP:
            return bool(ipaddress.ip_network(value, strict=False)) and "%" not in value and _plain_ip(value)
        if kind is Scalar.DATETIME:
            return _DATETIME.fullmatch(value) is not None and bool(datetime.fromisoformat(value))
    except ValueError:
        return False
    return _DURATION.fullmatch(value) is not None


def _plain_ip(value: str) -> bool:
    """Cedar takes no netmask in dotted form and no IPv4 inside IPv6."""
    address, _, width = value.partition("/")
    return (width.isdigit() or "/" not in value) and not (":" in address and "." in address)


def quote(text: str) -> str:
    """A Cedar string literal; anything but plain ASCII is escaped, so that no text can end it."""
    return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\u{{{ord(c):x}}}" for c in text) + '"'


def render(kind: Type, *, relaxed: bool = False) -> str:
    """The type in Cedar's schema syntax; `relaxed` makes every attribute optional."""
    if isinstance(kind, Scalar):
        return kind.value
    if isinstance(kind, EntityOf):
        return kind.name
    if isinstance(kind, SetOf):
        return f"Set<{render(kind.of, relaxed=relaxed)}>"
    members = (
        f"{quote(name)}{'' if item.required and not relaxed else '?'}: {render(item.type, relaxed=relaxed)}"
        for name, item in kind.attributes.items()
    )
    return "{" + ", ".join(members) + "}"
