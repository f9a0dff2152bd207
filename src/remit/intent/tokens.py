"""The words of a sentence, with what the lexicon says of each.

A word is read once and kept, because goals and mails use the same few thousand words. The text may be an outsider's:
linear, no nested repetition, tables bounded.
"""

import re

import msgspec

from remit.intent.kept import kept
from remit.intent.lexicon import base, is_phrasal, is_vague, licenses
from remit.intent.nouns import is_noun, kinds
from remit.intent.spelling import corrected, in_full
from remit.intent.values import is_specific
from remit.terms import OperationClass

_PLAIN = (  # "w/", words, marks, "&" and dashes between spaces
    r"(?<!\S)(?:[-=]{1,2}>|→)(?!\S)|(?<!\S)w/o?(?=[A-Z]|(?!\S))|[$€£#@]?\w(?:[\w.@:/%+#&=?~-]*[\w/%])?(?:'\w+)?|[,:()]|(?<!\S)(?:[&+]|[-–—]{1,3})(?!\S)"
)
_QUOTED = r"\"[^\"\n]{1,300}\"|(?<!\w)'[^'\n]{1,300}'(?!\w)|[“‘][^”’\n]{1,300}[”’]|`[^`\n]{1,300}`"
_WORD = re.compile(_PLAIN)
# What stands between white space and holds no quotation mark has the same words wherever it stands: read once.
_PIECE = re.compile(r"\S+\s?")
_UNQUOTED = r"(?<!\S)(?:[^\s\"'“‘`]++(?:\s++|\Z))++"
_WORDS = re.compile(f"({_UNQUOTED})|({_QUOTED})|({_PLAIN})")
_MARKS = frozenset((*",:()-–—", "--", "---"))
_JOINED = re.compile(r"[+/&]")  # between two verbs
ARROWS = frozenset(("->", "-->", "=>", "==>", "→"))
_FIGURE = re.compile(r"\d{1,4}(?:[:.]\d\d)?(?:st|nd|rd|th|h|am|pm|mins?|hrs?|km|kg|k|ppl|pax|%)?")
_NAMED = re.compile(r"[\d@/_]|\w\.\w")  # in tokens that name one thing: a code (with a digit), address, path, file
_WRITING = frozenset((OperationClass.CREATE, OperationClass.UPDATE))
MAX_WORD = 64  # characters of a word that is kept


class Token(msgspec.Struct, frozen=True, gc=False):
    """One word of a sentence, a quoted name, or a mark, with what the lexicon says of it."""

    text: str  # as written, quotes removed
    low: str
    quoted: bool = False
    mark: bool = False
    known: bool = False  # a verb in its base form
    base: str = ""  # of an inflected verb
    vague: bool = False  # a verb that says that something is to be done, not what
    licenses: frozenset[OperationClass] = frozenset()
    noun: bool = False
    names: bool = False  # one thing, by its look
    place: bool = False  # an address, a link, an account
    number: bool = False
    kinds: tuple[str, ...] = ()  # of things that the word stands for


def _quoted(text: str) -> Token:
    low = text.lower()
    return Token(
        text=text, low=low, quoted=True, names=bool(_NAMED.search(low)), number=_is_number(low), place=is_specific(text)
    )


def _is_number(low: str) -> bool:
    """Also a time, a day or a quantity: "3pm", "the 21st", "17h" name nothing."""
    return low.replace(".", "").isdigit() or bool(low[:1].isdigit() and _FIGURE.fullmatch(low))


def _read(text: str) -> Token:
    if text in _MARKS:
        return Token(text=text, low=text, mark=True)
    if text in ARROWS:  # "my tasks -> the board"
        return Token(text=text, low="put", known=True, base="put", licenses=_WRITING)
    low = in_full(text.lower())
    if len(text) > MAX_WORD:  # payload: a link, a key, a flood; no lexicon knows it
        return Token(
            text=text, low=low, names=bool(_NAMED.search(low)), number=_is_number(low), place=is_specific(text)
        )
    vague, licensed, root = is_vague(low), licenses(low), base(low)
    if not (root or licensed or vague) and (meant := corrected(low)) != low:
        low, licensed, root = meant, licenses(meant), base(meant)
    plain = low.isalpha()  # without figure or mark: no name by its look, and no place
    return Token(
        text=text,
        low=low,
        known=bool(licensed) or vague or is_phrasal(low),
        base=root,
        vague=vague,
        licenses=licensed or licenses(root),
        noun=is_noun(low),
        names=not plain and bool(_NAMED.search(low)),
        number=not plain and _is_number(low),
        place=not plain and is_specific(text),
        kinds=tuple(sorted(kinds(one))) if len(one := low.removesuffix("'s")) > 2 and one.isalpha() else (),
    )


_kept = kept(8192)(_read)


def _words(text: str) -> tuple[Token, ...]:
    found: list[Token] = []
    for word in _WORD.findall(text):
        if len(word) > MAX_WORD:
            found.append(_read(word))
        elif (parts := _JOINED.split(word)) and len(parts) > 1 and all(map(_is_verb, parts)):
            for part in parts:  # "look+order", "call/mail"
                found += (_kept(part), _kept(","))
            found.pop()
        else:
            found.append(_kept(word))
    return tuple(found)


def _is_verb(word: str) -> bool:
    return word.isalpha() and _kept(word.lower()).known


_kept_words = kept(8192)(_words)


@kept(256)
def tokens_of(sentence: str) -> tuple[Token, ...]:
    """The words, quoted names and marks of a sentence."""
    tokens: list[Token] = []
    for unquoted, quoted, word in _WORDS.findall(sentence):
        if unquoted:
            for text in _PIECE.findall(unquoted):
                tokens += _kept_words(text) if len(text) <= MAX_WORD else _words(text)
        elif quoted:
            tokens.append(_quoted(quoted[1:-1]))
        else:
            tokens += _words(word)
    return tuple(tokens)
