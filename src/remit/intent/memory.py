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
from itertools import islice, pairwise
from typing import Any

import msgspec

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
    tokens,
    unescape,
)
from remit.terms import Confidentiality, Integrity, Label, Tool

# Plain text is cut into records: what stands together in a list item, an object or a paragraph belongs together.
_LINES = r"\n(?:(?=\s{0,4}- )|\s*\n)"
_RECORD = re.compile(rf"{_LINES}|\}}\s*,\s*\{{")
_RECORD_OF_LINES = re.compile(_LINES)  # where no object stands: to look for one character is quicker than for two
_EMPTY = 2000  # bytes of a memory that holds nothing
_EACH = 500  # bytes of a result beside its text
_OVERHEAD = 3  # bytes of index for each byte of text, roughly; the limit is on the sum
MAX_COMPILED = 2  # instructions of one result that are compiled at once
MAX_HIDDEN = 4_096  # characters of one decoded token
MAX_HIDDEN_TEXTS = 64
MAX_POSTINGS = 24  # places kept for one key: the first ones tell where it came from
LARGE = 2_000  # characters of a result, from which on it pays to look at each of its words once
MAX_ARGUMENT = 300  # characters of an argument that may name something: a message is not the name of anything

Places = tuple[Passage, ...]


class Parts(msgspec.Struct, frozen=True, eq=False):
    """A result in which a key stands as part of these tokens."""

    source: Source
    tokens: list[str]


Place = Source | Parts | Passage  # where a key stands; in a result, itself or as part of tokens


class Memory:
    """Where values came from, per instance; mutable."""

    def __init__(self, limit_bytes: int = 4_000_000) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._gaps = False
        self._overflowed = False
        # Where a key was seen, oldest first: the passages, once somebody asked for them.
        self._places: dict[str, Source | Parts | list[Place] | Places] = {}
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
        words = dict.fromkeys(text.split())  # each once: results say the same things again and again
        long = long_words(words)
        hidden = [fold(plain)[:MAX_HIDDEN] for plain in islice(decoded(text, long), MAX_HIDDEN_TEXTS)]
        if hidden:
            text = "\n\n".join((text, *hidden))
            words = dict.fromkeys(text.split())
            long = long_words(words)
        lowered = lower(text)
        said = lowered if len(text) < LARGE else lower(" ".join(words))
        source = Source(decision, tool, own, outside, text, lowered, long, said)
        if goal_named:
            source.arguments = (*own, "")  # the empty key is in every goal
        if len(whole) * _OVERHEAD > room:  # what fell out may have been the secret
            of_all = Source(decision, tool, own, outside, whole, lower(whole), long_words(whole.split()), "")
            source.confidential = source.confidential or of_all.confidential
        self._taken += 1
        if source.confidential:
            self._last_confidential = self._taken
        if room > 0:  # else it fell out whole
            self._size += len(text) * _OVERHEAD + _EACH
            self.sources.append(source)
        spoken = len(self.spoken)
        source.passages = self._passages(source)
        self._index(source, lowered, said, frozenset(own))
        for passage in self.spoken[spoken : spoken + MAX_COMPILED]:
            _ = passage.grants  # compiled here, so that the next call need not wait for it
        if source.confidential:
            return Label(integrity=label.integrity, confidentiality=Confidentiality.CONFIDENTIAL, origins=label.origins)
        return label

    def confidential(self, last: int) -> bool:
        """Whether one of the last results is confidential."""
        return bool(self._last_confidential) and self._last_confidential > self._taken - last

    def seen(self, key: str) -> Places:
        """The passages that hold a key, oldest first."""
        places = self._places.get(key, ())
        return places if isinstance(places, tuple) else self._found(key, places)

    def _index(self, source: Source, lowered: str, said: str, echoes: frozenset[str]) -> None:
        passages = source.passages
        if len(source.text) < LARGE:
            self._place_each(separated(lowered), passages, echoes)
        else:
            self._place_together(source, {*tokens(said), *_cut(lowered, passages)}, echoes)
        at = 0
        for start, key in grouped(lowered):  # in order
            while at + 1 < len(passages) and passages[at].end <= start:
                at += 1
            if key not in echoes:
                self._also(key, passages[at])

    def _place_each(self, text: str, passages: list[Passage], echoes: frozenset[str]) -> None:
        place = self._places.setdefault
        for passage in passages:
            here = (passage,)
            for token in set(text[passage.start : passage.end].split()):
                if token in IDLE or len(token) < LEAST:
                    continue
                for key in (token,) if token.isalnum() and len(token) <= MAX_TOKEN else token_keys(token[:MAX_TOKEN]):
                    if key not in echoes and place(key, here) is not here:
                        self._also(key, passage)

    def _place_together(self, source: Source, tokens: set[str], echoes: frozenset[str]) -> None:
        """Many records say much the same, and little of it is asked about: in which of them a key stands is looked
        for when somebody asks. As `_place_each` otherwise."""
        odd = [token for token in tokens if not token.isalnum() or len(token) > MAX_TOKEN]
        plain = {token for token in tokens.difference(IDLE, odd) if len(token) >= LEAST}
        told: dict[str, Parts] = {}
        for token in odd:
            for key in token_keys(token[:MAX_TOKEN]) if len(token) >= LEAST else ():
                if key not in told:
                    told[key] = Parts(source, [key, token] if key in plain else [token])
                elif told[key].tokens[-1] != token:
                    told[key].tokens.append(token)
        plain.difference_update(told, echoes)
        new = plain.difference(self._places)
        self._places.update(dict.fromkeys(new, source))
        for key in plain - new:
            self._also(key, source)
        for key, where in told.items():
            if key not in echoes and self._places.setdefault(key, where) is not where:
                self._also(key, where)

    def _also(self, key: str, where: Place) -> None:
        """A key stands in another place, too."""
        known = self._places.get(key, ())
        if isinstance(known, list) and len(known) >= MAX_POSTINGS:
            known = self._found(key, known)
        if isinstance(known, list):
            known.append(where)
        elif not isinstance(known, tuple):
            self._places[key] = [known, where]
        elif len(known) < MAX_POSTINGS:
            if not isinstance(where, Passage):
                self._places[key] = [*known, where]
            elif where not in (known[:1] + known[-1:]):
                self._places[key] = (*known, where)

    def _found(self, key: str, places: Source | Parts | list[Place]) -> Places:
        """Where a key stands, looked for and kept."""
        found: list[Passage] = []
        for place in places if isinstance(places, list) else (places,):
            if isinstance(place, Source):
                found += place.holding([key], MAX_POSTINGS)
            elif isinstance(place, Parts):
                found += place.source.holding(place.tokens, MAX_POSTINGS)
            elif not found or (found[0] is not place and found[-1] is not place):
                found.append(place)
        kept = self._places[key] = tuple(found[:MAX_POSTINGS])
        return kept

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
        for match in (_RECORD if "{" in source.text else _RECORD_OF_LINES).finditer(source.text, start, end):
            cut = match.start()
            if cut > start:
                passages.append(Passage(self._count + len(passages), source, start, cut, False))
            start = cut
        if end > start:
            passages.append(Passage(self._count + len(passages), source, start, end, False))


def _cut(lowered: str, passages: list[Passage]) -> Iterator[str]:
    """The parts of the tokens that the end of a passage cuts."""
    text = separated(lowered) if len(passages) > 1 else ""
    for here, following in pairwise(passages):
        at = here.end
        if not text[at].isspace() and not text[at - 1].isspace():
            yield text[here.start : at].split()[-1]
            yield text[at : following.end].split(None, 1)[0]


def _after(text: str, colon: int) -> int:
    """The end of what a colon introduces: its line, or the next one when nothing follows on the line."""
    end = text.find("\n", colon + 1)
    if end >= 0 and not text[colon + 1 : end].strip():
        end = text.find("\n", end + 1)
    return min(end if end >= 0 else len(text), colon + 300)


@lru_cache(maxsize=2048)
def _argument_keys(leaf: str) -> tuple[str, ...]:
    return tuple(keys_of(fold(leaf).lower()))
