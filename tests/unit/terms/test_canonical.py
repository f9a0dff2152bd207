"""Strict JSON in: whatever two readers could take for different values is refused with what was expected."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.terms import InvalidInput, canonical, digest, parse

REFUSED = [
    (b'{"a":1,"a":2}', "each member once"),
    (b'{"a":{"b":1,"b":1}}', "each member once"),
    (b'"\\ud800"', "lone surrogate"),
    (b'{"\\udc00":1}', "lone surrogate"),
    (b"9007199254740992", "2^53"),
    (b"-9007199254740992", "2^53"),
    (b"NaN", "finite"),
    (b"[Infinity]", "finite"),
    (b"1e999", "finite"),
    (b"1e20", "2^53"),
    (b"[" * 70 + b"]" * 70, "nesting"),
    (b"[" * 100_000, "nesting"),
    (b"9" * 5000, "numbers"),
    (b"\xff", "UTF-8"),
    (b"", "expected JSON"),
    (b'{"a":1}x', "expected JSON"),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_what_has_no_single_meaning_is_refused_with_what_was_expected(text: bytes, expected: str) -> None:
    with pytest.raises(InvalidInput, match=expected.replace("^", r"\^")):
        parse(text)


def test_the_largest_exact_integers_pass() -> None:
    assert parse(b"[9007199254740991,-9007199254740991]") == [2**53 - 1, -(2**53 - 1)]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**53) + 1, 2.0**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(json_values)
def test_the_canonical_form_is_read_back_as_the_same_value_and_is_a_fixed_point(value: object) -> None:
    form = canonical(value)
    assert canonical(parse(form)) == form
    assert digest(parse(json.dumps(value, ensure_ascii=False))) == digest(value)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_invalid_input(data: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        parse(data)
