"""What one instance has taken in: where each value was seen, and which passages speak to the reader.

Every result is indexed once, when it is taken in, so that asking where a value came from costs a few dictionary
look-ups however much was read. The threat: a value that an outsider slipped in must be known as his even when
it is written differently later, and an echo of the agent's own arguments must not launder it. Bounded: what
falls out makes `overflowed` true, and from then on a value that is not found is of unknown origin, not
invented. Single-threaded: the instance's path owns it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from remit.intent.encodings import long_words
from remit.intent.kept import kept
from remit.intent.readings import Reading, read
from remit.intent.sources import Passage, Source, is_confidential, lower
from remit.intent.values import fold, keys_of, leaves, unescape
from remit.terms import Confidentiality, Integrity, Label, Tool, ToolId

_EMPTY = 2000  # bytes of a memory that holds nothing
_EACH = 500  # bytes of a result beside its text
_OVERHEAD = 3  # bytes of index for each byte of text, roughly; the limit is on the sum
MAX_COMPILED = 2  # instructions of one result that are compiled at once
MAX_POSTINGS = 24  # places kept for one key: the first ones tell where it came from
MAX_ARGUMENT = 300  # characters of an argument that may name something: a message is not the name of anything

Places = tuple[Passage, ...]


Place = Source | Passage  # where a key stands: in a result, anywhere in it


class Memory:
    """Where values came from, per instance; mutable."""

    def __init__(self, limit_bytes: int = 4_000_000) -> None:
        self._limit = limit_bytes
        self._size = 0
        self.gaps = False  # whether a result was not attested
        self.overflowed = False  # whether something fell out
        # Where a key was seen, oldest first: the passages, once somebody asked for them.
        self._places: dict[str, Source | list[Place] | Places] = {}
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
    def empty(self) -> bool:
        return not self._taken

    @property
    def holds(self) -> bool:
        """Whether any value was seen."""
        return bool(self._places)

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
        if content is None:
            self.gaps = True
            return _label(tool.id, outside, False)
        own = tuple([key for leaf in leaves(arguments) if len(leaf) <= MAX_ARGUMENT for key in _argument_keys(leaf)])
        text = whole = fold(unescape(content))
        room = self._limit - self._size - _EACH
        if len(text) * _OVERHEAD > room:
            self.overflowed = True
            text = text[: max(0, room // _OVERHEAD)]
        said = read(text, outside)
        source = Source(decision, tool, own, outside, said.text, said.confidential, said.standing)
        if goal_named:
            source.arguments = (*own, "")  # the empty key is in every goal
        if text is not whole and is_confidential(whole, lower(whole), "", long_words(whole.split())):
            source.confidential = True  # what fell out may have been the secret
        self._taken += 1
        if source.confidential:
            self._last_confidential = self._taken
        if room > 0:  # else it fell out whole
            self._size += len(said.text) * _OVERHEAD + _EACH
            self.sources.append(source)
        spoken = len(self.spoken)
        self._place(source, said)
        self._index(source, said, frozenset(own))
        for passage in self.spoken[spoken : spoken + MAX_COMPILED]:
            _ = passage.grants  # compiled here, so that the next call need not wait for it
        return _label(tool.id, outside, source.confidential)

    def confidential(self, last: int) -> bool:
        """Whether one of the last results is confidential."""
        return bool(self._last_confidential) and self._last_confidential > self._taken - last

    def seen(self, key: str) -> Places:
        """The passages that hold a key, oldest first."""
        places = self._places.get(key, ())
        return places if isinstance(places, tuple) else self._found(key, places)

    def _place(self, source: Source, said: Reading) -> None:
        """Its passages, where it is cut."""
        passages, number = source.passages, self._count
        for start, end, asks, by, moved in said.cuts:
            passage = Passage(number, source, start, end, asks, passages[by] if by >= 0 else None, moved)
            passages.append(passage)
            number += 1
            if asks:
                self.spoken.append(passage)
        self._count = number

    def _index(self, source: Source, said: Reading, echoes: frozenset[str]) -> None:
        """Of what is cut, many records say much the same, and little of it is asked about: in which of them a key
        stands is looked for when somebody asks."""
        passages, places = source.passages, self._places
        keys = said.keys - echoes if echoes else said.keys
        new = keys.difference(places)
        places.update(dict.fromkeys(new, source if len(passages) > 1 else tuple(passages)))
        if len(new) < len(keys):
            where = source if len(passages) > 1 else passages[0]
            for key in keys - new:
                self._also(key, where)
        for key, at in said.grouped:
            if key not in echoes:
                self._also(key, passages[at])

    def _also(self, key: str, where: Place) -> None:
        """A key stands in another place, too."""
        known = self._places.get(key, ())
        if isinstance(known, list):
            if len(known) < 2 * MAX_POSTINGS and known[-1] is not where:  # each result has one, and its numbers another
                known.append(where)
        elif not isinstance(known, tuple):
            self._places[key] = [known, where]
        elif len(known) < MAX_POSTINGS:
            if not isinstance(where, Passage):
                self._places[key] = [*known, where]
            elif where not in (known[:1] + known[-1:]):
                self._places[key] = (*known, where)

    def _found(self, key: str, places: Source | list[Place]) -> Places:
        """Where a key stands, looked for and kept."""
        if isinstance(places, list):
            found: list[Passage] = []
            for place in places:
                if len(found) >= MAX_POSTINGS:
                    break
                if isinstance(place, Source):
                    found += place.holding(key, MAX_POSTINGS)
                elif not found or (found[0] is not place and found[-1] is not place):
                    found.append(place)
            kept = self._places[key] = tuple(found[:MAX_POSTINGS])
        else:
            kept = self._places[key] = tuple(places.holding(key, MAX_POSTINGS))
        return kept


@lru_cache(maxsize=4096)
def _label(tool: ToolId, outside: bool, confidential: bool) -> Label:
    return Label(
        integrity=Integrity.OUTSIDE if outside else Integrity.INTERNAL,
        confidentiality=Confidentiality.CONFIDENTIAL if confidential else Confidentiality.INTERNAL,
        origins=(str(tool),),
    )


@kept(2048)
def _argument_keys(leaf: str) -> tuple[str, ...]:
    return tuple(keys_of(fold(leaf).lower()))
