"""How many records a result has, whatever a tool wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.mediation.budget import count_records


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (None, 0),
        ("", 0),
        ("plain", 0),
        ("[]", 0),
        ("[1]", 1),
        (' \n[{"a": 1}, [2, 3], null]', 3),
        ('{"items": [1, 2]}', 0),
        ("[1, 2", 0),
        ("[1] [2]", 0),
        ('["\ud800"]', 0),
        ("[" * 100_000, 0),
    ],
)
def test_items_of_an_array_are_counted_and_nothing_else(content: str | None, records: int) -> None:
    assert count_records(content) == records


@given(st.text())
def test_no_text_breaks_the_count(text: str) -> None:
    assert count_records("[" + text) >= 0
