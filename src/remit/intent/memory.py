"""What one instance has taken in: where each value was seen, and which passages speak to the reader.

Every result is indexed once, when it is taken in, so that asking where a value came from costs a few dictionary
look-ups however much was read. The threat: a value that an outsider slipped in must be known as his even when
it is written differently later, and an echo of the agent's own arguments must not launder it. Bounded: what
falls out makes `overflowed` true, and from then on a value that is not found is of unknown origin, not
invented. Single-threaded: the instance's path owns it.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from remit.intent.encodings import decoded, long_words
from remit.intent.lookups import IDLE, LEAST
from remit.intent.passages import instructions
from remit.intent.sources import Passage, Source, lower
from remit.intent.values import (
    MAX_TOKEN,
    fold,
    grouped,
    keys_of,
    leaves,
    separated,
    token_keys,
    unescape,
)
from remit.terms import Confidentiality, Integrity, Label, Tool

# Plain text is cut into records: what stands together in a list item, an object or a paragraph belongs together.
_RECORD = re.compile(r"\n(?=\s{0,4}- )|\n\s*\n|\}\s*,\s*\{")
_EMPTY = 2000  # bytes of a memory that holds nothing
_EACH = 500  # bytes of a result beside its text
_OVERHEAD = 3  # bytes of index for each byte of text, roughly; the limit is on the sum
MAX_COMPILED = 2  # instructions of one result that are compiled at once
MAX_HIDDEN = 4_096  # characters of one decoded token
MAX_HIDDEN_TEXTS = 64
MAX_POSTINGS = 24  # places kept for one key: the first ones tell where it came from
MANY = 16  # passages of one result, from which on its words are looked at together
MAX_ARGUMENT = 300  # characters of an argument that may name something: a message is not the name of anything

Alone = tuple[Passage]  # the places of a key that has one only


class Memory:
    """Where values came from, per instance; mutable."""

    def __init__(self, limit_bytes: int = 4_000_000) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._gaps = False
        self._overflowed = False
        # Where a key was seen, oldest first. Most have one place only: the keys of a passage share a tuple of it.
        self.places: dict[str, Sequence[Passage]] = {}
        self._count = 0
        self.sources: list[Source] = []
        self.spoken: list[Passage] = []  # passages that ask for an act
        self._taken = 0  # results, with those that fell out
        self._last_confidential = 0  # how many there were with the last confidential one

    @property
    def size(self) -> int:
        """Bytes that it takes, roughly."""
        return self._size + _EMPTY

    @property
    def gaps(self) -> bool:
        """Whether a result was not attested."""
        return self._gaps

    @property
    def overflowed(self) -> bool:
        """Whether something fell out."""
        return self._overflowed

    @property
    def empty(self) -> bool:
        return not self._taken

    def take_in(
        self,
        *,
        decision: str,
        tool: Tool,
        arguments: Mapping[str, Any],
        content: str | None,
        outside: bool,
        goal_named: bool = False,
    ) -> Label:
        """Index a result. Returns its label; `content` None means that the result was not attested."""
        label = Label(
            integrity=Integrity.OUTSIDE if outside else Integrity.INTERNAL,
            confidentiality=Confidentiality.INTERNAL,
            origins=(str(tool.id),),
        )
        if content is None:
            self._gaps = True
            return label
        own = tuple([key for leaf in leaves(arguments) if len(leaf) <= MAX_ARGUMENT for key in _argument_keys(leaf)])
        text = whole = fold(unescape(content))
        room = self._limit - self._size - _EACH
        if len(text) * _OVERHEAD > room:
            self._overflowed = True
            text = text[: max(0, room // _OVERHEAD)]
        long = long_words(text)
        hidden = [fold(plain)[:MAX_HIDDEN] for plain in islice(decoded(text, long), MAX_HIDDEN_TEXTS)]
        if hidden:
            text = "\n\n".join((text, *hidden))
            long = long_words(text)
        lowered = lower(text)
        source = Source(decision, tool, own, outside, text, lowered, long)
        if goal_named:
            source.arguments = (*own, "")  # the empty key is in every goal
        if len(whole) * _OVERHEAD > room:  # what fell out may have been the secret
            of_all = Source(decision, tool, own, outside, whole, lower(whole), long_words(whole))
            source.confidential = source.confidential or of_all.confidential
        self._taken += 1
        if source.confidential:
            self._last_confidential = self._taken
        if room > 0:  # else it fell out whole
            self._size += len(text) * _OVERHEAD + _EACH
            self.sources.append(source)
        spoken = len(self.spoken)
        self._index(source, lowered, frozenset(own))
        for passage in self.spoken[spoken : spoken + MAX_COMPILED]:
            _ = passage.grants  # compiled here, so that the next call need not wait for it
        if source.confidential:
            return Label(integrity=label.integrity, confidentiality=Confidentiality.CONFIDENTIAL, origins=label.origins)
        return label

    def confidential(self, last: int) -> bool:
        """Whether one of the last results is confidential."""
        return bool(self._last_confidential) and self._last_confidential > self._taken - last

    def seen(self, key: str) -> list[Passage]:
        """The passages that hold a key, oldest first."""
        return list(self.places.get(key, ()))

    def _index(self, source: Source, lowered: str, echoes: frozenset[str]) -> None:
        passages = self._passages(source)
        text = separated(lowered)
        alone = [(passage,) for passage in passages]
        if len(passages) < MANY:
            self._place_each(text, alone, echoes)
        else:
            self._place_together(text, alone, echoes)
        at = 0
        for start, key in grouped(lowered):  # in order
            while at + 1 < len(passages) and passages[at].end <= start:
                at += 1
            if key not in echoes:
                self._again(key, self.places.setdefault(key, alone[at]), passages[at])

    def _place_each(self, text: str, alone: list[Alone], echoes: frozenset[str]) -> None:
        place = self.places.setdefault
        for here in alone:
            (passage,) = here
            for token in set(text[passage.start : passage.end].split()):
                if token in IDLE or len(token) < LEAST:
                    continue
                for key in (token,) if token.isalnum() and len(token) <= MAX_TOKEN else token_keys(token[:MAX_TOKEN]):
                    if key not in echoes and (known := place(key, here)) is not here:
                        self._again(key, known, passage)

    def _again(self, key: str, known: Sequence[Passage], passage: Passage) -> None:
        """A key that has places stands in another passage, too."""
        if known[0] is passage or known[-1] is passage:
            return
        if not isinstance(known, list):
            self.places[key] = [*known, passage]
        elif len(known) < MAX_POSTINGS:
            known.append(passage)

    def _place_together(self, text: str, alone: list[Alone], echoes: frozenset[str]) -> None:
        """Many records say much the same: each word of them is looked at once. As `_place_each` otherwise."""
        stands: defaultdict[str, list[Alone]] = defaultdict(list)
        for here in alone:
            (passage,) = here
            for token in set(text[passage.start : passage.end].split()):
                stands[token].append(here)
        told = _told(stands)
        stands.update(told)
        for key in echoes:
            stands.pop(key, None)
        places = self.places
        for key, where in stands.items():
            if (key in IDLE or len(key) < LEAST) and key not in told:
                continue
            known = places.get(key)
            if known is None and len(where) == 1:
                places[key] = where[0]
            elif not isinstance(known, list):
                places[key] = [*(known or ()), *[passage for (passage,) in where]][:MAX_POSTINGS]
            elif len(known) < MAX_POSTINGS:
                known += [passage for (passage,) in where[: MAX_POSTINGS - len(known)]]

    def _passages(self, source: Source) -> list[Passage]:
        """The result, cut where it asks for an act and into records between."""
        text = source.text
        passages: list[Passage] = []
        last = 0
        spans = list(instructions(text)) if source.outside else []
        for number, (start, end) in enumerate(spans):
            self._records(passages, source, last, start)
            asked = Passage(self._count + len(passages), source, start, end, True)
            passages.append(asked)
            self.spoken.append(asked)
            last = end
            if text.startswith(":", end):
                follows = spans[number + 1][0] if number + 1 < len(spans) else len(text)
                last = min(_after(text, end), follows)
                passages.append(Passage(self._count + len(passages), source, end, last, False, asked))
        self._records(passages, source, last, len(text))
        self._count += len(passages)
        return passages

    def _records(self, passages: list[Passage], source: Source, start: int, end: int) -> None:
        for match in _RECORD.finditer(source.text, start, end):
            cut = match.start()
            if cut > start:
                passages.append(Passage(self._count + len(passages), source, start, cut, False))
            start = cut
        if end > start:
            passages.append(Passage(self._count + len(passages), source, start, end, False))


def _told(stands: dict[str, list[Alone]]) -> dict[str, list[Alone]]:
    """The words that are no keys themselves, taken out: where the keys stand that they have instead."""
    told: dict[str, list[Alone]] = {}
    for token in [token for token in stands if not token.isalnum() or len(token) > MAX_TOKEN]:
        where = stands.pop(token)
        for key in token_keys(token[:MAX_TOKEN]) if len(token) >= LEAST else ():
            if key in told:
                others = told[key]
            elif key in stands and len(key) >= LEAST and key not in IDLE:
                others = stands[key]
            else:
                told[key] = where
                continue
            told[key] = sorted({*others[:MAX_POSTINGS], *where[:MAX_POSTINGS]}, key=_number)
    return told


def _number(here: Alone) -> int:
    return here[0].number


def _after(text: str, colon: int) -> int:
    """The end of what a colon introduces: its line, or the next one when nothing follows on the line."""
    end = text.find("\n", colon + 1)
    if end >= 0 and not text[colon + 1 : end].strip():
        end = text.find("\n", end + 1)
    return min(end if end >= 0 else len(text), colon + 300)


@lru_cache(maxsize=2048)
def _argument_keys(leaf: str) -> tuple[str, ...]:
    return tuple(keys_of(fold(leaf).lower()))
