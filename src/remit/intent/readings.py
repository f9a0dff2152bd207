"""What a text says, whoever takes it in: where it is cut, and under which keys it is found.

It depends on the text alone. Systems give the same answers again and again, and several instances read the same mail,
so what short texts say is kept in a bounded table. Everything is hostile text: linear.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Set
from itertools import islice

import msgspec

from remit.intent.encodings import decoded, long_words
from remit.intent.kept import kept
from remit.intent.lookups import IDLE, LEAST
from remit.intent.passages import Span, lettered, spans
from remit.intent.sources import Cut, Standing, is_confidential, lower
from remit.intent.values import MAX_TOKEN, fold, grouped, separated, token_keys

# Plain text is cut into records: what stands together in a list item, an object or a paragraph belongs together.
_LINES = r"\n(?:(?=\s{0,4}- )|\s*\n)"
_RECORD = re.compile(rf"{_LINES}|\}}\s*,\s*\{{")
_RECORD_OF_LINES = re.compile(_LINES)  # where no object stands: to look for one character is quicker than for two
MAX_HIDDEN = 4_096  # characters of one decoded token
MAX_HIDDEN_TEXTS = 64
LARGE = 2_000  # characters of a text, from which on it pays to look at each of its words once, and not to keep it
MAX_KEPT = 512  # texts


class Reading(msgspec.Struct, frozen=True, eq=False):
    """What a text says."""

    text: str  # with what was hidden in it
    confidential: bool
    keys: set[str]
    standing: Standing  # with where it is cut
    asking: list[int]  # the cuts that ask for an act
    grouped: list[tuple[str, int]]  # numbers that are written in groups, and in which cut


def read(text: str, outside: bool) -> Reading:
    """What a folded text says; only what outsiders may have written can ask for an act."""
    return (_kept if len(text) < LARGE else _read)(text, outside)


def _read(text: str, outside: bool) -> Reading:
    words = _words(text)
    long = long_words(words)
    if long or "%" in text:
        hidden = [fold(plain)[:MAX_HIDDEN] for plain in islice(decoded(text, long), MAX_HIDDEN_TEXTS)]
        if hidden:
            text = "\n\n".join((text, *hidden))
            words = _words(text)
            long = long_words(words)
    lowered = lower(text)
    said = lowered if len(text) < LARGE else lower(" ".join(words))
    spaced = separated(lowered)
    tokens = set((spaced if said is lowered else separated(said)).split())
    plain, odd = _sorted(tokens, len(long))
    tokens.update(lettered(" ".join(odd)))
    cuts = _cut(text, spans(text, tokens) if outside else [])
    if any(not (spaced[at].isspace() or spaced[at - 1].isspace()) for at, *_ in cuts[1:]):  # in a token
        plain, odd = _sorted(set(" ".join([spaced[start:end] for start, end, *_ in cuts]).split()), len(long))
    keys = {token for token in plain.difference(IDLE) if len(token) >= LEAST}
    parts = _parts(odd, keys)
    keys.update(parts)
    confidential = is_confidential(text, lowered, said, long)
    asking = [number for number, cut in enumerate(cuts) if cut[2]]
    return Reading(text, confidential, keys, Standing(text, parts, cuts), asking, _grouped(lowered, cuts))


_kept = kept(MAX_KEPT)(_read)


def _words(text: str) -> Collection[str]:
    """Of a large text, each once: results say the same things again and again."""
    words = text.split()
    return words if len(text) < LARGE else dict.fromkeys(words)


def _sorted(tokens: set[str], longest: int) -> tuple[set[str], set[str]]:
    """Those that are keys, and those that may have others; none has more than so many characters."""
    plain = set(filter(str.isalnum, tokens))
    if longest > MAX_TOKEN:
        plain = {token for token in plain if len(token) <= MAX_TOKEN}
    return plain, tokens - plain


def _parts(odd: Iterable[str], plain: Set[str]) -> dict[str, tuple[str, ...]]:
    """For each key of these tokens all of them that have it, and itself where it is a token, too."""
    found: dict[str, tuple[str, ...]] = {}
    for token in odd:
        for key in token_keys(token[:MAX_TOKEN]) if len(token) >= LEAST else ():
            if key not in found:
                found[key] = (key, token) if key in plain else (token,)
            elif found[key][-1] != token:
                found[key] = (*found[key], token)
    return found


def _cut(text: str, marked: list[Span]) -> list[Cut]:
    """A text, cut where it speaks to its reader and into records between."""
    cuts: list[Cut] = []
    records = (_RECORD if "{" in text else _RECORD_OF_LINES).finditer
    last = 0
    for number, (start, end, asks) in enumerate(marked):
        _between(cuts, records(text, last, start), last, start)
        cuts.append((start, end, asks, -1, not asks))
        last = end
        if asks and text.startswith(":", end):
            follows = marked[number + 1][0] if number + 1 < len(marked) else len(text)
            last = min(_after(text, end), follows)
            cuts.append((end, last, False, len(cuts) - 1, False))
    _between(cuts, records(text, last), last, len(text))
    return cuts


def _between(cuts: list[Cut], breaks: Iterator[re.Match[str]], start: int, end: int) -> None:
    for match in breaks:
        cut = match.start()
        if cut > start:
            cuts.append((start, cut, False, -1, False))
        start = cut
    if end > start:
        cuts.append((start, end, False, -1, False))


def _after(text: str, colon: int) -> int:
    """The end of what a colon introduces: its line, or the next one when nothing follows on the line."""
    end = text.find("\n", colon + 1)
    if end >= 0 and not text[colon + 1 : end].strip():
        end = text.find("\n", end + 1)
    return min(end if end >= 0 else len(text), colon + 300)


def _grouped(lowered: str, cuts: list[Cut]) -> list[tuple[str, int]]:
    found = []
    at = 0
    for start, key in grouped(lowered):  # in order
        while at + 1 < len(cuts) and cuts[at][1] <= start:
            at += 1
        found.append((key, at))
    return found
