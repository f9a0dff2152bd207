"""Foreign text on a page is text, all of it can be seen, and it is not huge."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.replay.visible import LIMIT, visible


class Page(HTMLParser):
    """Elements, and the text outside them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self._inside = False
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, attrs))
        self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.text += data


OWN = [("i", [("class", "u")]), ("i", [("class", "cut")])]


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("<>&\"'/= \n\u202e\x1b"), max_size=80))
def test_whatever_it_is_only_our_own_elements_come_of_it_and_it_can_be_written(text: str) -> None:
    markup = visible(text, 60)
    page = Page(markup)
    assert all(element in OWN for element in page.elements)
    assert all(character in "\n\t" or character.isprintable() for character in page.text)
    markup.encode("utf-8")
    assert '"' not in markup, "not even an attribute could be ended"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert Page(visible(text)).text == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("\x00", "U+0000"),
        ("\x1b[31m", "U+001B"),
        ("\u202egnp.exe", "U+202E"),
        ("\u2066", "U+2066"),
        ("pay\u200bpal", "U+200B"),
        ("\u3164", "U+3164"),
        ("\ud800", "U+D800"),
        ("\U000e0041", "U+E0041"),
        ("a\r", "U+000D"),
        ("e\u0301\u0301\u0301\u0301", "U+0301"),
    ],
)
def test_what_cannot_be_seen_is_shown_by_its_number(text: str, number: str) -> None:
    assert f"<i class=u>{number}</i>" in visible(text)


def test_letters_of_any_script_and_line_breaks_are_left_alone() -> None:
    text = "Größe\r\nмир\t日本語 שלום é e\u0301"
    assert visible(text) == text.replace("\r\n", "\n")


def test_what_is_huge_is_cut_and_says_how_much_is_missing() -> None:
    shown = visible("<" * 1_000_000)
    assert len(shown) < 10 * LIMIT
    assert shown.count("&lt;") == LIMIT
    assert "999,400 more" in shown
