"""What one instance has taken in: where each value was seen, and which passages speak to the reader.

Every result is indexed once, when it is taken in, so that asking where a value came from costs a few dictionary
look-ups however much was read. The threat: a value that an outsider slipped in must be known as his even when
it is written differently later, and an echo of the agent's own arguments must not launder it. Bounded: what
falls out makes `overflowed` true, and from then on a value that is not found is of unknown origin, not
invented. Single-threaded: the instance's path owns it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from remit.intent.encodings import long_words
from remit.intent.kept import kept
from remit.intent.readings import Reading, read
from remit.intent.sources import Passage, Source, is_confidential, lower
from remit.intent.tools import tool_view
from remit.intent.values import fold, grouped, keys_of, leaves, unescape
from remit.terms import Confidentiality, Integrity, Label, ServerId, Tool

_EMPTY = 2000  # bytes of a memory that holds nothing
_EACH = 500  # bytes of a result beside its text
_OVERHEAD = 3  # bytes of index for each byte of text, roughly; the limit is on the sum
MAX_COMPILED = 2  # instructions of one result that are compiled at once
MAX_PLACES = 48  # results and passages of them kept for one key
MAX_POSTINGS = 24  # places kept for one key: the first ones tell where it came from
MAX_ARGUMENT = 300  # characters of an argument that may name something: a message is not the name of anything

Places = tuple[Passage, ...]


_NOWHERE: tuple[tuple[Source | Passage, ...], Places] = ((), ())


class Memory:
    """Where values came from, per instance; mutable."""

    def __init__(self, limit_bytes: int = 4_000_000) -> None:
        self._limit = limit_bytes
        self._size = 0
        self.gaps = False  # whether a result was not attested
        self.overflowed = False  # whether something fell out
        # Where a key was seen, oldest first: anywhere in a result, or in a passage of it.
        self._places: dict[str, tuple[Source | Passage, ...]] = {}
        # The passages that hold it, once somebody asked, and in which of these places they were found.
        self._found: dict[str, tuple[tuple[Source | Passage, ...], Places]] = {}
        self._passages: dict[int, Passage] = {}  # those that were asked for, by number
        self._count = 0
        self.sources: list[Source] = []
        self.spoken: list[Passage] = []  # passages that ask for an act
        self.named: set[str] = set()  # keys of all arguments whose calls had a result
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
            return _label(tool.server, tool.name, outside, False)
        own: list[str] = []
        for value in arguments.values():
            for leaf in (value,) if type(value) is str else leaves(value):
                if len(leaf) <= MAX_ARGUMENT:
                    own += _argument_keys(leaf)
        text = whole = fold(unescape(content))
        room = self._limit - self._size - _EACH
        if len(text) * _OVERHEAD > room:
            self.overflowed = True
            text = text[: max(0, room // _OVERHEAD)]
        said = read(text, outside)
        source = Source(decision, tool, tuple(own), outside, said.text, said.confidential, said.standing, self._count)
        if tool_view(tool).tells_secrets:
            source.secret = source.confidential = True
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
            self.named.update(own)
        self._count += len(said.standing.cuts)
        self._index(source, said, own)
        for number, at in enumerate(said.asking):
            passage = self._passage(source, at)
            self.spoken.append(passage)
            if number < MAX_COMPILED:
                _ = passage.grants  # compiled here, so that the next call need not wait for it
        return _label(tool.server, tool.name, outside, source.confidential)

    def confidential(self, last: int) -> bool:
        """Whether one of the last results is confidential."""
        return bool(self._last_confidential) and self._last_confidential > self._taken - last

    def seen(self, key: str) -> Places:
        """The passages that hold a key, oldest first."""
        places = self._places.get(key)
        if places is None:
            return ()
        found = self._found.get(key)
        return found[1] if found is not None and found[0] is places else self._find(key, places)

    def _passage(self, source: Source, at: int) -> Passage:
        """A passage of a result, made when it is asked for: of what is read, little is."""
        number = source.first + at
        passage = self._passages.get(number)
        if passage is None:
            start, end, asks, by, moved = source.standing.cuts[at]
            introduced = self._passage(source, by) if by >= 0 else None
            passage = self._passages[number] = Passage(number, source, start, end, asks, introduced, moved)
        return passage

    def _index(self, source: Source, said: Reading, own: list[str]) -> None:
        """Of what is cut, many records say much the same, and little of it is asked about: in which of them a key
        stands is looked for when somebody asks. An echo of the call's own arguments says nothing."""
        places, here = self._places, (source,)
        keys = said.keys.difference(own) if own else said.keys
        new = keys.difference(places)
        places.update(dict.fromkeys(new, here))
        if len(new) < len(keys):
            for key in keys - new:
                known = places[key]
                if len(known) < MAX_PLACES:
                    places[key] = known + here
        for key, at in said.grouped:
            if key not in own and len(known := places.get(key, ())) < MAX_PLACES:
                places[key] = (*known, self._passage(source, at))

    def _find(self, key: str, places: tuple[Source | Passage, ...]) -> Places:
        """Where a key stands, looked for in the places that were added, and kept."""
        looked, found = self._found.get(key, _NOWHERE)
        for place in places[len(looked) :]:
            if len(found) >= MAX_POSTINGS:
                break
            if type(place) is Source:
                found += tuple([self._passage(place, at) for at in place.standing.lines(key, MAX_POSTINGS)])
            elif place not in found:
                found += (cast(Passage, place),)
        found = found[:MAX_POSTINGS]
        self._found[key] = (places, found)
        return found


@lru_cache(maxsize=4096)
def _label(server: ServerId, tool: str, outside: bool, confidential: bool) -> Label:
    return Label(
        integrity=Integrity.OUTSIDE if outside else Integrity.INTERNAL,
        confidentiality=Confidentiality.CONFIDENTIAL if confidential else Confidentiality.INTERNAL,
        origins=(f"{server}/{tool}",),
    )


@kept(2048)
def _argument_keys(leaf: str) -> tuple[str, ...]:
    lowered = fold(leaf).lower()
    keys = keys_of(lowered)
    return (*keys, *[key for _, key in grouped(lowered)]) if " " in lowered else tuple(keys)
