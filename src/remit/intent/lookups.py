"""One argument's value, prepared for being looked up.

Agents use the same few names again and again, and a new number in each call: what of a value is looked up, and under
which keys, is kept in a bounded table, and its other forms are worked out only when they are asked for. It depends on
the text alone, not on any goal or memory.
"""

import re

import msgspec

from remit.intent.kept import kept
from remit.intent.lexicon import ENGLISH
from remit.intent.values import (
    COMMON,
    dates,
    fold,
    grouped,
    is_specific,
    keys_of_token,
    may_date,
    shape,
    specifics,
    squeeze,
    tokens,
    without_separators,
)

MAX_TOKENS = 24  # of one value that are looked up
MAX_TEXT = 2_000  # characters of one value that are looked up
MAX_KEPT = 200  # characters of a value that is kept
MAX_TOKEN = 512  # characters of one token
LEAST = 3  # characters of a token; a shorter one says nothing about where it came from
IDLE = COMMON | ENGLISH.stop  # nor do these
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")
_FIGURES = " .,:/+-%$€£TZ0123456789"

Word = tuple[str, ...]  # the keys of one token, itself first


class Value(msgspec.Struct, frozen=True, gc=False):
    """A value's tokens that mean something."""

    lowered: str
    words: list[Word]
    keys: list[str]  # each as a whole
    asked: int  # how many there are; one more than are looked up shows that there are more

    def others(self) -> list[str]:
        """Its keys as a grouped number and as a date."""
        lowered = self.lowered
        if lowered.isalnum():
            return []
        found = [key for _, key in grouped(lowered)] if " " in lowered else []
        if may_date(lowered):
            found += [key for _, key in dates(lowered)]
        return found

    def squeezed(self) -> str:
        return squeeze(self.lowered)


def value_of(text: str) -> Value:
    """The value of a text."""
    return _kept(text) if len(text) <= MAX_KEPT else _read(text[:MAX_TEXT])


def _read(text: str) -> Value:
    lowered = without_separators(fold(text).lower())
    found: list[Word] = []
    keys: list[str] = []
    for token in (lowered,) if lowered.isalnum() else tokens(lowered):
        token = token[:MAX_TOKEN]
        word = (token,) if token.isalnum() else keys_of_token(token)
        if token.startswith("//") and word:
            word = (word[0], word[0].partition("/")[0])  # a place on a network is told by its host, whatever its path
        if word and len(word[0]) >= LEAST and word[0] not in IDLE:
            if len(found) == MAX_TOKENS:
                return Value(lowered, found, keys, MAX_TOKENS + 1)
            found.append(word)
            keys.append(word[0])
    return Value(lowered, found, keys, len(found))


_kept = kept(4096)(_read)


def computed(text: str) -> bool:
    """Numbers and dates are computed all the time: that nobody wrote them says nothing."""
    rest = text.strip(_FIGURES)
    return not rest or (rest[0].isdigit() and all(c.isdigit() or c in _FIGURES for c in rest))


def reckoned(text: str) -> bool:
    """What is computed and is no number by which somebody is reached or paid."""
    return computed(text) and not (is_specific(text.strip()) and not may_date(text))


def embedded(text: str) -> list[str]:
    """What free text embeds, accounts also in groups."""
    return specifics(text) + [joined for _, joined in grouped(text.lower()) if joined[0].isalpha()]


def is_code(key: str) -> bool:
    """Whether a short key names one thing all the same: flat 5A, gate B7."""
    return len(key) > 1 and not key.isalpha() and not key.isdigit()


def sayings(word: Word) -> Word:
    """Which of a token's keys say where it came from: an address as a whole, a link by its host, never by its end."""
    whole = word[0]
    if "@" in whole:
        return word[:1]
    host, slash, _ = whole.partition("/")
    return (whole, host) if slash and "." in host and _HOST.fullmatch(host) else word


def pieces(whole: str) -> list[str]:
    """The parts of a joined name."""
    for mark in "@./_-+":
        whole = whole.replace(mark, " ")
    return whole.split()


@kept(4096)
def hints(whole: str) -> tuple[str, ...]:
    """Pieces of a name that tell of whom it is: `driver-9` is the driver of whom the goal speaks."""
    if shape(whole) != "name":
        return ()
    return tuple([piece for piece in pieces(whole) if len(piece) >= LEAST and piece not in ENGLISH.stop])
