"""Strict JSON in, canonical JSON out.

What is hashed, judged and forwarded must be one thing: two readers that take the same bytes for different values are an
attack. So duplicate keys, lone surrogates, numbers that a double cannot hold and over-deep nesting are refused, and
digests are taken over the JCS form (RFC 8785).

msgspec reads and writes what is plain, some ten times faster than the libraries that check and canonicalise. Where a
number loses digits its types refuse it; a key that stood twice is found by writing the value again and comparing.
Everything doubtful goes to the strict reader and to rfc8785. Property tests hold the two ways to the same values, bytes
and refusals.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, NoReturn, TypeVar, Union

import msgspec
import rfc8785
from msgspec import Meta

from remit.terms.errors import InvalidInput

MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: I-JSON numbers
MAX_DEPTH = 64  # deeper than any honest tool's arguments; keeps recursive readers off the stack's end
_PLAIN_DEPTH = 6  # as msgspec's types go, which double with each level; what is deeper is read strictly

_T = TypeVar("_T")


def _plain(depth: int) -> Any:
    scalar = Union[  # noqa: UP007 msgspec's types are values here
        str,
        None,
        bool,
        Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)],
        Annotated[float, Meta(ge=-float(MAX_INTEGER), le=float(MAX_INTEGER))],
    ]
    below: Any = _plain(depth - 1) if depth else scalar
    return Union[scalar, list[below], dict[str, below]]  # noqa: UP007 likewise


Plain: Any = _plain(_PLAIN_DEPTH)  # JSON that means the same to everybody, as a type


def parse(data: bytes | str) -> Any:
    """The value of a JSON text. Raises `InvalidInput` naming what was expected; never `RecursionError`."""
    value = _read(data)
    if value is not None:
        return value
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise InvalidInput(f"expected JSON in UTF-8, got an invalid byte at offset {error.start}") from None
    return _parse_strictly(text)  # it says what is wrong, and reads what is not plain


def reader(shape: type[_T]) -> Callable[[bytes | str], _T | None]:
    """What reads texts of this very shape at once, as strictly as `parse`; None for all others, sound or not.

    `shape` names all members that a text may have (`forbid_unknown_fields`), leaves out those that are not there
    (`omit_defaults`), and is made of `Plain` where anything may stand.
    """
    decode = msgspec.json.Decoder(shape).decode

    def read(data: bytes | str) -> _T | None:
        try:
            value = decode(data)
            written = _encode(value)
            if written == data:
                return value
            text = data.encode() if isinstance(data, str) else data
            return value if _quotes(written) == _quotes(text) else None  # else a member stood twice, or for nothing
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None

    return read


def check(value: Any) -> None:
    """Raise `InvalidInput` unless `value` has exactly one canonical form."""
    _scan(value)


def canonical(value: Any) -> bytes:
    """The JCS form. Raises `InvalidInput` unless `value` has exactly one."""
    if _scan(value):
        return _write(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise InvalidInput(f"expected a value with a canonical JSON form: {error}") from None


def digest(value: Any) -> str:
    """SHA-256 over the JCS form, hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _scan(value: Any) -> bool:
    """One walk over a value, level by level, that refuses what has no canonical form.

    Whether msgspec writes the value as RFC 8785 does: names in ASCII (section 3.2.3 sorts by UTF-16 units), numbers
    without an exponent, no types but JSON's own.
    """
    plain = True
    level = [value]
    depth = 0
    while level:
        if depth > MAX_DEPTH + 1:
            raise InvalidInput(f"expected at most {MAX_DEPTH} levels of nesting")
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                if not item.isascii():
                    _check_text(item)
            elif kind is dict:
                for name in item:
                    if type(name) is not str or not name.isascii():
                        plain = False
                        _check_name(name)
                below += item.values()
            elif kind is list or kind is tuple:
                below += item
            elif kind is int:
                if not -MAX_INTEGER <= item <= MAX_INTEGER:
                    _refuse_integer()
            elif kind is float:
                plain = _is_plain_number(item) and plain
            elif item is not None and kind is not bool:
                plain = False
                _scan_odd(item, below)
        level = below
        depth += 1
    return plain


def _scan_odd(item: Any, below: list[Any]) -> None:
    """Subclasses of JSON's types are taken for what they are; nothing else is."""
    if isinstance(item, str):
        _check_text(item)
    elif isinstance(item, dict):
        for name in item:
            _check_name(name)
        below += item.values()
    elif isinstance(item, list | tuple):
        below += item
    elif isinstance(item, int):
        if not -MAX_INTEGER <= item <= MAX_INTEGER:
            _refuse_integer()
    elif isinstance(item, float):
        _is_plain_number(item)
    else:
        raise InvalidInput(f"expected JSON values, got {type(item).__name__}")


def _quotes(text: bytes) -> int:
    """How many quotation marks of a valid JSON text open or close a string."""
    if b"\\" not in text:
        return text.count(b'"')
    # Pairs of backslashes first: in `\\"` the mark closes, in `\"` it does not.
    text = text.replace(b"\\\\", b"")
    return text.count(b'"') - text.count(b'\\"')


def _is_plain_number(number: float) -> bool:
    """Whether it is written the same by everybody. Refuses what JSON, or its canonical form, cannot hold."""
    if number != number or number in (float("inf"), float("-inf")):
        raise InvalidInput("expected finite numbers")
    if abs(number) > MAX_INTEGER:  # its canonical form would be an integer that is refused
        raise InvalidInput("expected numbers between -(2^53-1) and 2^53-1; send larger ones as strings")
    return abs(number) >= 1e-4 and not number.is_integer()


def _parse_strictly(text: str) -> Any:
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"expected JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise InvalidInput(f"expected at most {MAX_DEPTH} levels of nesting") from None
    except ValueError as error:  # CPython refuses to read integers of thousands of digits
        raise InvalidInput(f"expected JSON numbers that a double can hold: {error}") from None
    check(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"expected each member once, got {double[:80]!r} twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidInput(f"expected finite numbers, got {name}")


def _refuse_integer() -> NoReturn:
    raise InvalidInput("expected integers between -(2^53-1) and 2^53-1; send larger ones as strings")


def _check_name(name: Any) -> None:
    if not isinstance(name, str):
        raise InvalidInput("expected names of members to be strings")
    _check_text(name)


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput("expected Unicode text, got a lone surrogate") from None


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
_encode = msgspec.json.Encoder().encode
_write = msgspec.json.Encoder(order="sorted").encode
_read = reader(Plain)
