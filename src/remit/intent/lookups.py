"""One argument's value, prepared for being looked up.

Agents use the same few names and numbers again and again, so what of a value is looked up, and under which keys, is
worked out once and kept in a bounded table. It depends on the text alone, not on any goal or memory.
"""

import re
from functools import cached_property, lru_cache

import msgspec

from remit.intent.lexicon import ENGLISH
from remit.intent.values import (
    dates,
    fold,
    grouped,
    shape,
    significant,
    squeeze,
    token_keys,
    tokens,
    without_separators,
)

MAX_TOKENS = 24  # of one value that are looked up
MAX_TEXT = 2_000  # characters of one value that are looked up
MAX_KEPT = 200  # characters of a value that is kept
MAX_TOKEN = 512  # characters of one token
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")
_MARKS = str.maketrans(dict.fromkeys("@./_-+", " "))
_FIGURES = frozenset(" .,:/+-%$€£TZ")


class Word(msgspec.Struct, frozen=True, gc=False):
    """One token of a value."""

    whole: str
    sayings: tuple[str, ...]  # its keys that say where it came from
    pieces: tuple[str, ...]  # of a joined name; empty when it is not joined
    hints: tuple[str, ...]  # pieces of a name that tell of whom it is: `driver-9` is the driver of whom the goal speaks


class Value:
    """A value's tokens that mean something, and its other forms, worked out when they are asked for."""

    def __init__(self, text: str) -> None:
        self._lowered = without_separators(fold(text).lower())
        self.words: tuple[Word, ...] = _words(self._lowered)
        self.asked = len(self.words)
        self.words = self.words[:MAX_TOKENS]
        self.keys = frozenset(word.whole for word in self.words)

    @cached_property
    def other(self) -> tuple[str, ...]:
        """As a grouped number and as a date."""
        return (*(key for _, key in grouped(self._lowered)), *(key for _, key in dates(self._lowered)))

    @cached_property
    def squeezed(self) -> str:
        return squeeze(self._lowered)


def value_of(text: str) -> Value:
    """The value of a text."""
    return _kept(text) if len(text) <= MAX_KEPT else Value(text[:MAX_TEXT])


_kept = lru_cache(maxsize=4096)(Value)


def computed(text: str) -> bool:
    """Numbers and dates are computed all the time: that nobody wrote them says nothing."""
    return all(c.isdigit() or c in _FIGURES for c in text)


def _words(lowered: str) -> tuple[Word, ...]:
    found: list[Word] = []
    for token in tokens(lowered):
        parts = token_keys(token[:MAX_TOKEN])
        if parts and significant(parts[0]) and parts[0] not in ENGLISH.stop:
            found.append(_word(parts))
            if len(found) > MAX_TOKENS:
                break
    return tuple(found)


@lru_cache(maxsize=8192)
def _word(parts: tuple[str, ...]) -> Word:
    whole = parts[0]
    split = whole.translate(_MARKS).split()
    pieces = tuple(piece for piece in split if significant(piece) and piece not in ENGLISH.stop)
    telling = [piece for piece in split if len(piece) > 3 and piece not in ENGLISH.stop]
    return Word(
        whole=whole,
        sayings=tuple(key for key in _sayings(parts) if significant(key)),
        pieces=() if pieces == (whole,) else pieces,
        hints=tuple(telling) if shape(whole) == "name" else (),
    )


def _sayings(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Which keys of a token say where it came from: an address as a whole, a link by its host, never by its end."""
    if len(parts) < 2:
        return parts
    if "@" in parts[0]:
        return parts[:1]
    host, slash, _ = parts[0].partition("/")
    if slash and _HOST.fullmatch(host):
        return (parts[0], host)
    return parts
