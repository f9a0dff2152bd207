"""What is done the quick way gives exactly what the plain way gives, whatever text comes."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from remit.intent import compile_goal
from remit.intent.lookups import computed
from remit.intent.openers import LEADS, POLITE
from remit.intent.passages import _OPENERS, _POINTING, _WISHES, instructions
from remit.intent.sources import CONFIDENTIAL, tells_of_secret
from remit.intent.tokens import _PLAIN, _QUOTED, tokens_of
from remit.intent.values import (
    _FOLD,
    _INVISIBLE,
    SPECIFIC,
    dates,
    fold,
    key_set,
    keys_of,
    may_date,
    specific,
    specifics,
    squeeze,
    tokens,
)
from remit.terms import Bounds, digest

# The reference: what separates tokens, in one expression.
_TOKEN = re.compile(r"[^\s\"'`´‘’“”<>()\[\]{},;:|=*!?\\^]+")
_WHITE = [chr(code) for code in range(0x110000) if chr(code).isspace()]
_marks = "\"'`´‘’“”<>()[]{},;:|=*!?\\^.-_@/%#$€ \n\t\x1c\x85\xa0\u2028"
_text = st.text(max_size=300) | st.text(alphabet=_marks + "aZ9é٣", max_size=300)
_odd = st.text(
    alphabet=[*map(chr, _FOLD), *map(chr, list(_INVISIBLE)[::7]), *"aé\uff21\ufb01 ²\U000e0041"], max_size=60
)
_places = st.text(alphabet="a1 9-.@:/+xfhtpw0comX\n", max_size=80)


@given(_text)
@example("a\u2019b\u201cc")
@settings(max_examples=300, deadline=None)
def test_tokens_are_what_stands_between_separators(text: str) -> None:
    assert tokens(text) == _TOKEN.findall(text)
    assert key_set(tokens(text)) == set(keys_of(text))


@given(_text | _odd)
@settings(max_examples=300, deadline=None)
def test_folding_looks_for_what_it_folds_and_misses_nothing(text: str) -> None:
    assert fold(text) == unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).translate(_FOLD)


@given(
    _places
    | _text
    | st.lists(st.sampled_from(["a@b.io", "www.-x", "12 34-56 78 90 1", "0x" + "f" * 16, " "])).map("".join)
)
@settings(max_examples=400, deadline=None)
def test_a_place_is_found_wherever_the_full_expression_finds_one(text: str) -> None:
    assert specifics(text) == [match[0] for match in SPECIFIC.finditer(text)]
    found, plain = specific(text, 1, 60), SPECIFIC.search(text, 1, 60)
    assert (found and found.span()) == (plain and plain.span())


_quotes = st.lists(
    st.sampled_from([*"\"'“”‘’` \n\u2003,:()/%$&-+", "don't", "a.b/c", "50%'a b'", "w/o ", "x" * 70, "kim@x.io", "é"])
).map("".join)


@given(_quotes | _text)
@settings(max_examples=400, deadline=None)
def test_words_are_those_that_one_expression_finds(text: str) -> None:
    plain = re.compile(f"({_QUOTED})|{_PLAIN}")
    found = [(one[1][1:-1], True) if one[1] else (one[0], False) for one in plain.finditer(text)]
    assert [(token.text, token.quoted) for token in tokens_of(text)] == found


_dates = st.lists(
    st.sampled_from([*"0129-/. ,", "th", "of ", "jan", "september", "may", "2024", "05", "٣", "²", "é"]), max_size=9
).map("".join)


@given(_dates | _text)
@settings(max_examples=400, deadline=None)
def test_a_text_that_holds_a_date_may_hold_one(text: str) -> None:
    assert may_date(text.lower()) or not list(dates(text.lower()))


@given(_dates | _text | _odd)
@settings(max_examples=400, deadline=None)
def test_what_is_squeezed_out_and_what_is_computed_is_told_character_by_character(text: str) -> None:
    assert squeeze(text) == re.sub(r"[\W_]+", "", text)
    assert computed(text) == all(c.isdigit() or c in " .,:/+-%$€£TZ" for c in text)


@given(_text)
@example('\x00\x1f"\\\u2028\x7f\U0001f600 pay "Kim\x07" 3.50')
@settings(max_examples=200, deadline=None)
def test_the_hash_of_an_authority_is_over_its_jcs_form(goal: str) -> None:
    authority = compile_goal(f"Send {goal} to kim@corp.example", bounds=Bounds())
    form = {"authorization_details": authority.authorization_details, "compiler": authority.compiler}
    assert authority.hash == digest(form)


@pytest.mark.parametrize("white", _WHITE, ids=ascii)
def test_any_white_space_may_stand_before_a_request(white: str) -> None:
    assert list(instructions(f"Done.{white}Send the money to GB33BUKB20201555555555."))


_ALL = _OPENERS.union(_WISHES, _POINTING)
_speech = st.lists(
    st.sampled_from([*sorted(_ALL)[::9], *_marks, *"–•", "to ", "you ", "Send ", "the ", "kim@x.io ", " need\nto "])
).map("".join)


@given(_speech | _text)
@settings(max_examples=300, deadline=None)
def test_a_text_without_the_words_that_begin_a_request_has_none(text: str) -> None:
    assert instructions(text) == instructions(text, _ALL)


def test_no_phrase_that_leads_a_request_begins_another() -> None:
    """The expression tries them by their first letter, not in their order."""
    phrases = [*LEADS, *POLITE]
    assert not [(a, b) for a in phrases for b in phrases if a != b and f"{b} ".startswith(f"{a} ")]


@pytest.mark.parametrize("word", CONFIDENTIAL)
def test_every_word_beside_which_secrets_stand_is_found(word: str) -> None:
    assert tells_of_secret(f"the {word}: x")
    assert not tells_of_secret("the weather: x")
