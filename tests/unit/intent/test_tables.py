"""Which column of a table a value stands in."""

import time

import pytest

from remit.intent.tables import column

WIDE = """Trains on Monday
Code   From     Leaves  Remark
-----  -------  ------  ------------------------
TR-14  Halden   07:10   change in Moss
TR-15           09:40   full, write to ops@rail.example

TR-99  is not in the table
"""
BARS = """Open requests

| id | title | by |
|:---|:-----:|---:|
| #4711 | Gate B7 sticks | @ola |
| `4712` |  | @kim |
"""


@pytest.mark.parametrize(
    ("text", "value", "head"),
    [
        (WIDE, "TR-14", "code"),
        (WIDE, "Halden", "from"),
        (WIDE, "09:40", "leaves"),
        (WIDE, "change in Moss", "remark"),
        (WIDE, "Moss", ""),
        (WIDE, "ops@rail.example", ""),
        (WIDE, "TR-99", ""),
        (BARS, "4711", "id"),
        (BARS, "4712", "id"),
        (BARS, "@kim", "by"),
        (BARS, "B7", ""),
    ],
)
def test_a_value_that_is_a_whole_cell_has_the_head_of_its_column(text: str, value: str, head: str) -> None:
    start = text.index(value)
    assert column(text, start, start + len(value)) == head


@pytest.mark.parametrize("text", ["Our account  DE12  is new", "a | GB33 | b", "", "----\n----\nx"])
def test_without_a_head_and_a_rule_nothing_is_a_table(text: str) -> None:
    for value in ("DE12", "GB33", "x"):
        if value in text:
            start = text.index(value)
            assert column(text, start, start + len(value)) == ""


@pytest.mark.parametrize("flood", ["-\n", "--\n", "| ", "a  b  ", "|--|\n", "\n\n"])
def test_a_flood_is_read_in_no_time(flood: str) -> None:
    text = "id  x\n--  -\n" + flood * 20_000 + "V7  y"
    before = time.process_time()
    start = text.rindex("V7")
    column(text, start, start + 2)
    assert time.process_time() - before < 1
