"""Strict JSON in, canonical JSON out.

What is hashed, judged and forwarded must be one thing: two readers that take the same bytes for different values are an
attack. So duplicate keys, lone surrogates, numbers that a double cannot hold and over-deep nesting are refused, and
digests are taken over the JCS form (RFC 8785).
"""

import hashlib
import json
from typing import Any, NoReturn

import rfc8785

from remit.terms.errors import InvalidInput

MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: I-JSON numbers
MAX_DEPTH = 64  # deeper than any honest tool's arguments; keeps recursive readers off the stack's end


def parse(data: bytes | str) -> Any:
    """The value of a JSON text. Raises `InvalidInput` naming what was expected; never `RecursionError`."""
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise InvalidInput(f"expected JSON in UTF-8, got an invalid byte at offset {error.start}") from None
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


def check(value: Any, depth: int = 0) -> None:
    """Raise `InvalidInput` unless `value` has exactly one canonical form."""
    if isinstance(value, str):
        if not value.isascii():
            _check_text(value)
    elif value is None or isinstance(value, bool):
        return
    elif depth > MAX_DEPTH:
        raise InvalidInput(f"expected at most {MAX_DEPTH} levels of nesting")
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise InvalidInput("expected integers between -(2^53-1) and 2^53-1; send larger ones as strings")
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise InvalidInput("expected finite numbers")
        if abs(value) > MAX_INTEGER:  # its canonical form would be an integer that is refused above
            raise InvalidInput("expected numbers between -(2^53-1) and 2^53-1; send larger ones as strings")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise InvalidInput("expected names of members to be strings")
            if not key.isascii():
                _check_text(key)
            check(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            check(item, depth + 1)
    else:
        raise InvalidInput(f"expected JSON values, got {type(value).__name__}")


def canonical(value: Any) -> bytes:
    """The JCS form of a checked value."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise InvalidInput(f"expected a value with a canonical JSON form: {error}") from None


def digest(value: Any) -> str:
    """SHA-256 over the JCS form, hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"expected each member once, got {double[:80]!r} twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidInput(f"expected finite numbers, got {name}")


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput("expected Unicode text, got a lone surrogate") from None


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
