"""The upstream's credential: how it is read, and that it is found wherever an upstream may have put it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.gateway.credential import WITHHELD, Secret
from remit.terms import Refused

HEADER = "Bearer s3cr3t-value-77"


@pytest.mark.parametrize(
    ("text", "header"),
    [
        (HEADER, HEADER),
        (f"{HEADER}\n", HEADER),
        ("s3cr3t-value-77", HEADER),
        ("Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz"),
    ],
)
def test_a_file_holds_a_header_or_a_bare_bearer_token(text: str, header: str, tmp_path: Path) -> None:
    (tmp_path / "c").write_text(text)
    assert Secret.read(str(tmp_path / "c")).header == header


@pytest.mark.parametrize("content", [b"", b"  \n", b"a\nb", b"\xff\xfe", "Bearer schl\u00fcssel".encode()])
def test_a_file_that_cannot_be_sent_is_refused_without_quoting_it(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(Refused) as caught:
        Secret.read(str(tmp_path / "c"))
    assert "schl" not in caught.value.message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FileNotFoundError"):
        Secret.read(str(tmp_path / "none"))


def test_it_does_not_show_itself() -> None:
    assert "s3cr3t" not in repr(Secret(HEADER))


@pytest.mark.parametrize(
    "value", ["x s3cr3t-value-77 y", {"a": [HEADER]}, {"s3cr3t-value-77": 1}, [{"b": {"c": "s3cr3t-value-77"}}]]
)
def test_it_is_taken_out_wherever_it_stands(value: Any) -> None:
    cleaned = repr(Secret(HEADER).clean(value))
    assert "s3cr3t" not in cleaned
    assert WITHHELD in cleaned


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_does_not_hold_it_is_left_as_it_is(value: Any) -> None:
    assert Secret(HEADER).clean(value) == value
    assert Secret(None).clean(value) == value
