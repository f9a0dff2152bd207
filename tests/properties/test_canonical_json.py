"""The quick ways to read and write JSON give what the strict ones give: the same values, bytes and refusals."""

import importlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from remit.terms import InvalidInput, canonical, parse

strict = importlib.import_module("remit.terms.canonical")._parse_strictly

texts = st.text(st.characters()) | st.sampled_from(['"', "\\", '\\"', '\\\\"', "\\u0022", "\ud800", "\u2028", "é", ""])
numbers = (
    st.integers(-(2**53) - 2, 2**53 + 2)
    | st.floats()
    | st.sampled_from([0.0, -0.0, 1.0, 1e-4, 1e-5, 1e15, 1e16, 1e21, 2.0**53, 0.1 + 0.2, 5e-324])
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


def outcome(read: Any, given: Any) -> tuple[str, Any]:
    try:
        return "read", repr(read(given))  # repr tells 1 from 1.0 and True
    except InvalidInput as error:
        return "refused", error.message


@settings(max_examples=400)
@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_a_text_is_read_as_the_strict_reader_reads_it(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert outcome(parse, text) == outcome(strict, text)


@settings(max_examples=400)
@given(
    st.text(
        st.sampled_from(['"', "\\", "{", "}", "[", "]", ":", ",", "a", "u", "0", "1", "d", "8", "e", ".", "-", " "])
    )
)
@example('{"a":1,"a":2}')
@example('{"a":"\\\\","a":2}')
@example('{"\\"":1,"\\u0022":2}')
@example('{"a":{"b":1,"b":"\\""}}')
@example('{"a":1,"\\u0061":2}')
@example("[1e5,1E5,-0,-0.0,01]")
def test_any_text_is_read_or_refused_as_by_the_strict_reader(text: str) -> None:
    assert outcome(parse, text) == outcome(strict, text)


@settings(max_examples=400)
@given(values, st.integers(0, 8), st.booleans())
def test_bytes_are_read_as_the_text_that_they_are_however_deep(value: Any, deep: int, ascii_only: bool) -> None:
    for level in range(deep):
        value = [value] if level % 2 else {"é": value}
    text = json.dumps(value, ensure_ascii=ascii_only)
    data = text.encode("utf-8", "replace")
    assert outcome(parse, data) == outcome(strict, data.decode())


@settings(max_examples=300)
@given(st.lists(st.tuples(texts, values), min_size=1, max_size=5), st.integers(0, 4))
def test_a_member_that_stands_twice_is_refused_wherever_it_stands(members: list[tuple[str, Any]], which: int) -> None:
    twice = [*members, (members[which % len(members)][0], "again")]
    inner = "{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in twice) + "}"
    with pytest.raises(InvalidInput):
        parse('{"outer":[' + inner + "]}")


@settings(max_examples=400)
@given(values)
def test_the_canonical_form_is_that_of_the_library_for_it(value: Any) -> None:
    try:
        wanted = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        with pytest.raises(InvalidInput):
            canonical(value)
        return
    try:
        assert canonical(value) == wanted
    except InvalidInput as error:
        assert "2^53" in error.message  # noqa: PT017 the library takes larger floats
