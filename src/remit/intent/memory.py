"""What one instance has taken in: where each value was seen, and which passages speak to the reader.

Every result is indexed once, when it is taken in, so that asking where a value came from costs a few dictionary
look-ups however much was read. The threat: a value that an outsider slipped in must be known as his even when
it is written differently later, and an echo of the agent's own arguments must not launder it. Bounded: what
falls out makes `overflowed` true, and from then on a value that is not found is of unknown origin, not
invented. Single-threaded: the instance's path owns it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from remit.intent.encodings import decoded, long_words
from remit.intent.lexicon import ENGLISH
from remit.intent.passages import instructions
from remit.intent.sources import Passage, Source, lower
from remit.intent.values import (
    COMMON,
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

IDLE = COMMON | ENGLISH.stop
# Plain text is cut into records: what stands together in a list item, an object or a paragraph belongs together.
_RECORD = re.compile(r"\n(?=\s{0,4}- )|\n\s*\n|\}\s*,\s*\{")
_EMPTY = 2000  # bytes of a memory that holds nothing
_OVERHEAD = 3  # bytes of index for each byte of text, roughly; the limit is on the sum
MAX_COMPILED = 2  # instructions of one result that are compiled at once
MAX_HIDDEN = 4_096  # characters of one decoded token
MAX_HIDDEN_TEXTS = 64
MAX_POSTINGS = 24  # places kept for one key: the first ones tell where it came from
MAX_ARGUMENT = 300  # characters of an argument that may name something: a message is not the name of anything
LEAST_TOKEN = 3  # characters; a shorter one says nothing about where it came from


class Memory:
    """Where values came from, per instance; mutable."""

    def __init__(self, limit_bytes: int = 4_000_000) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._gaps = False
        self._overflowed = False
        self._first: dict[str, Passage] = {}  # where a key was seen first: for most keys, the only place
        self._more: dict[str, list[Passage]] = {}
        self._count = 0
        self.sources: list[Source] = []
        self.spoken: list[Passage] = []  # passages that ask for an act
        self._last_confidential = 0  # how many results there were with the last confidential one

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
        return not self.sources

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
        text = fold(unescape(content))
        if self._size + len(text) * _OVERHEAD > self._limit:
            self._overflowed = True
            text = text[: max(0, (self._limit - self._size) // _OVERHEAD)]
        long = long_words(text)
        hidden = [fold(plain)[:MAX_HIDDEN] for plain in islice(decoded(text, long), MAX_HIDDEN_TEXTS)]
        if hidden:
            text = "\n\n".join((text, *hidden))
            long = long_words(text)
        lowered = lower(text)
        source = Source(decision, tool, own, outside, text, lowered, long)
        if goal_named:
            source.arguments = (*own, "")  # the empty key is in every goal
        self._size += len(text) * _OVERHEAD
        self.sources.append(source)
        if source.confidential:
            self._last_confidential = len(self.sources)
        spoken = len(self.spoken)
        self._index(source, lowered, frozenset(own))
        for passage in self.spoken[spoken : spoken + MAX_COMPILED]:
            _ = passage.grants  # compiled here, so that the next call need not wait for it
        if source.confidential:
            return Label(integrity=label.integrity, confidentiality=Confidentiality.CONFIDENTIAL, origins=label.origins)
        return label

    def confidential(self, last: int) -> bool:
        """Whether one of the last results is confidential."""
        return self._last_confidential > max(0, len(self.sources) - last)

    def seen(self, key: str) -> list[Passage]:
        """The passages that hold a key, oldest first."""
        first = self._first.get(key)
        if first is None:
            return _NOWHERE
        more = self._more.get(key)
        return [first] if more is None else [first, *more]

    def _index(self, source: Source, lowered: str, echoes: frozenset[str]) -> None:
        passages = self._passages(source)
        text = separated(lowered)
        place, again = self._first.setdefault, self._again
        for passage in passages:
            for token in set(text[passage.start : passage.end].split()):
                if len(token) < LEAST_TOKEN or token in IDLE:
                    continue
                for key in (token,) if token.isalnum() and len(token) <= MAX_TOKEN else token_keys(token[:MAX_TOKEN]):
                    if key not in echoes and place(key, passage) is not passage:
                        again(key, passage)
        at = 0
        for start, key in grouped(lowered):  # in order
            while at + 1 < len(passages) and passages[at].end <= start:
                at += 1
            if key not in echoes and place(key, passages[at]) is not passages[at]:
                again(key, passages[at])

    def _again(self, key: str, passage: Passage) -> None:
        """A key that was seen before stands in another passage, too."""
        postings = self._more.get(key)
        if postings is None:
            self._more[key] = [passage]
        elif len(postings) < MAX_POSTINGS - 1 and postings[-1] is not passage:
            postings.append(passage)

    def _passages(self, source: Source) -> list[Passage]:
        """The result, cut where it asks for an act and into records between."""
        text = source.text
        last = 0
        passages: list[Passage] = []
        spans = list(instructions(text)) if source.outside else []
        for number, (start, end) in enumerate(spans):
            passages += self._records(source, last, start)
            asked = self._passage(source, start, end, True)
            passages.append(asked)
            last = end
            if text.startswith(":", end):
                follows = spans[number + 1][0] if number + 1 < len(spans) else len(text)
                last = min(_after(text, end), follows)
                shown = self._passage(source, end, last, False)
                shown.introduced = asked
                passages.append(shown)
        passages += self._records(source, last, len(text))
        return passages

    def _records(self, source: Source, start: int, end: int) -> Iterator[Passage]:
        last = start
        for match in _RECORD.finditer(source.text, start, end):
            if match.start() > last:
                yield self._passage(source, last, match.start(), False)
            last = match.start()
        if end > last:
            yield self._passage(source, last, end, False)

    def _passage(self, source: Source, start: int, end: int, instruction: bool) -> Passage:
        passage = Passage(self._count, source, start, end, instruction)
        self._count += 1
        if instruction:
            self.spoken.append(passage)
        return passage


_NOWHERE: list[Passage] = []


def _after(text: str, colon: int) -> int:
    """The end of what a colon introduces: its line, or the next one when nothing follows on the line."""
    end = text.find("\n", colon + 1)
    if end >= 0 and not text[colon + 1 : end].strip():
        end = text.find("\n", end + 1)
    return min(end if end >= 0 else len(text), colon + 300)


@lru_cache(maxsize=2048)
def _argument_keys(leaf: str) -> tuple[str, ...]:
    return tuple(keys_of(fold(leaf).lower()))
