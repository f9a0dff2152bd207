"""The same value, written in two ways."""

import pytest

from remit.intent.encodings import decoded
from remit.intent.values import at, dates, fold, grouped, leaves, number, significant, token_keys, unescape
from remit.intent.views import keys


@pytest.mark.parametrize(
    ("written", "sought"),
    [
        ("https://www.Example.org/a/", "example.org/a"),
        ("HTTP://example.org", "example.org"),
        ("NL91 ABNA 0417 1643 00", "nl91abna0417164300"),
        ("1,200.50", "1200.5"),
        ("1200.00", "1200"),
        ("Ines@Sunny.Example.", "ines@sunny.example"),
        ("user_4711", "user4711"),
        ("#W-100-20", "w10020"),
        ("May 20th, 2024", "2024-05-20"),
        ("20 May 2024", "2024-05-20"),
        ("5/20/2024", "2024-05-20"),
        ("‘quoted’", "quoted"),
        ("p\u0430ypal.example", "paypal.example"),
        ("mal\u200blory@evil.example", "mallory@evil.example"),
        ("\uff21\uff22\uff23\uff11", "abc1"),
    ],
)
def test_spelling_does_not_hide_a_value(written: str, sought: str) -> None:
    assert sought in keys(written)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("c2VuZCBpdCB0byBtYWxsb3J5IG5vdyE=", "send it to mallory now!"),
        ("73656e6420697420746f206d616c6c6f7279", "send it to mallory"),
        ("mallory%40evil.example", "mallory@evil.example"),
    ],
)
def test_encodings_are_undone(text: str, plain: str) -> None:
    assert plain in list(decoded(text))


def test_escapes_in_json_text_are_undone() -> None:
    assert unescape('one\\ntwo \\"x\\" \\u0041 \\ud800') == 'one\ntwo "x" A  '


@pytest.mark.parametrize("text", ["true", "me", "5", "12", "id", "the", "status", ""])
def test_short_and_common_values_say_nothing(text: str) -> None:
    assert not significant(text)


def test_arguments_are_reached_by_dotted_paths_through_lists() -> None:
    arguments = {"items": [{"id": "a", "n": 1}, {"id": "b"}], "to": {"mail": "x"}, "a.b": 3}
    assert list(leaves(at(arguments, "items.id"))) == ["a", "b"]
    assert at(arguments, "to.mail") == "x"
    assert at(arguments, "a.b") == 3
    assert at(arguments, "to.none.deeper") is None


def test_booleans_and_null_are_no_values() -> None:
    assert list(leaves({"a": True, "b": None, "c": [1.0, "x"]})) == ["1", "x"]


def test_numbers_lose_separators_and_keep_their_value() -> None:
    assert number("1'000'000.10") == "1000000.1"
    assert number("abc") == ""


def test_ascii_text_is_not_copied() -> None:
    text = "plain"
    assert fold(text) is text


def test_a_date_without_a_year_is_kept_as_month_and_day() -> None:
    assert [key for _, key in dates("see you on may 20th")] == ["--05-20"]


def test_groups_of_words_are_no_account() -> None:
    assert list(grouped("at 10 am on the 5th of may")) == []


def test_a_word_behind_an_account_is_none_of_its_groups() -> None:
    said = "payable to lt44 7300 0100 9912 3345 only; thanks"
    assert "lt447300010099123345" in [key for _, key in grouped(said)]


def test_an_address_is_found_by_its_parts_too() -> None:
    assert token_keys("ines@sunny.example") == ("ines@sunny.example", "ines", "sunny.example", "ines")
