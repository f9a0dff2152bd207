"""Hostile text on a terminal."""

import io
import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from remit.cli import output
from remit.cli.text import cell, listed, plain

ANYTHING = st.text(alphabet=st.characters(), max_size=400)  # surrogates too


def shown(*parts: object) -> str:
    """What a colour terminal would get."""
    target = Console(
        file=io.StringIO(), force_terminal=True, width=200, markup=False, emoji=False, highlight=False, no_color=True
    )
    for part in parts:
        target.print(part)
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


@given(ANYTHING)
@example("\x1b]0;owned\x07\x1b[2J[bold]x[/bold] :smile:")
@example("\u202egnp.exe\u2066\u200b\u2028\r\n\ud800\udcff")
def test_nothing_invisible_or_controlling_is_shown(text: str) -> None:
    for character in plain(text):
        assert character.isprintable()
        assert unicodedata.category(character)[0] != "C"


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=300))
@example("[bold red]permit[/]")
@example("[link=https://evil.example]ok[/link] :warning:")
def test_ordinary_text_is_shown_as_it_is_and_never_as_markup(text: str) -> None:
    assert plain(text) == text
    assert cell(text).plain == text
    assert cell(text).spans == []


@given(ANYTHING)
def test_a_table_of_hostile_values_holds_only_printable_lines(text: str) -> None:
    drawn = shown(
        output.table(("a", "b"), [(text, text)], empty="none"), output.fields({"x": text}), output.state(text)
    )
    assert all(
        character.isprintable() or character == "\n" for character in drawn.replace("\x1b[", "").replace("\x1b", "")
    )
    assert "\x1b]" not in drawn


@given(ANYTHING)
def test_json_is_ascii_and_says_exactly_what_came(text: str) -> None:
    line = output.one_line({"name": text})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"name": text}


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[31mred", "\\u{1b}[31mred"),
        ("abc\u202edef", "abc\\u{202e}def"),
        ("\u2800\u3164", "\\u{2800}\\u{3164}"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        (None, ""),
        (12, "12"),
    ],
)
def test_what_cannot_be_seen_is_spelt_out(given_: object, wanted: str) -> None:
    assert plain(given_) == wanted


def test_stacked_marks_do_not_paint_over_other_lines() -> None:
    assert sum(unicodedata.combining(one) > 0 for one in plain("a" + "\u0301" * 200)) <= 3


def test_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * 10_000_000, 10) == "xxxxxxxxxx…"
    assert listed(["a\x1b", "b"]) == "a\\u{1b}, b"
    assert listed([]) == "-"


@pytest.mark.parametrize("moment", [None, "", True, -1, 10**30, 1.5])
def test_a_time_that_is_none_is_shown_as_none(moment: object) -> None:
    assert output.moment(moment) == ""


def test_times_are_shown_in_utc() -> None:
    assert output.moment(1_795_470_126_610) == "2026-11-23 21:42:06Z"
