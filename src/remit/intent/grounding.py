"""Where the arguments of a call came from.

Only arguments that matter are asked about: sinks, targets, amounts, and of free text what it embeds (addresses,
accounts, links). Each is looked up as keys; the best honest explanation of a value counts, except that an
outsider's instruction which fits the call is the explanation unless the value was in the goal, or in trusted
data before the outsider spoke. The worst argument is the call's origin.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from remit.catalogue.words import split
from remit.intent.classes import COMMUNICATE, EXECUTE
from remit.intent.lookups import (
    IDLE,
    LEAST,
    Word,
    computed,
    embedded,
    hints,
    pieces,
    reckoned,
    sayings,
    value_of,
)
from remit.intent.nouns import is_noun
from remit.intent.relying import MACHINES, RISKY, Relying
from remit.intent.sources import Passage, is_choice
from remit.intent.values import REACHING, at, leaves, may_date, shape, significant
from remit.intent.words import words
from remit.terms import VERDICTS, FindingKind

ORIGINS = VERDICTS[FindingKind.GROUNDING]
NONE, GOAL, TRUSTED, REFERENCED, UNKNOWN, OUTSIDER, NOWHERE, INSTRUCTION = range(len(ORIGINS))
MAX_VALUES = 64  # of one call
MAX_FIELDS = 8  # places of one value that are looked at for being more than remarks
LEAST_SQUEEZED = 5  # characters of a value that is looked for in the goal without its separators
MAX_RECENT = 64  # results that are asked whether their calls named a value
MAX_FIGURES = 8  # of one argument
FEW_WORDS = 2  # of a value that says nothing but whom or what it names
MAX_CONTENT = 20_000  # characters of free text that are searched
LONG = 80  # characters; a longer argument is free text
MANY = 6  # spaces; so is one of so many words


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where one argument came from."""

    rank: int
    argument: str = ""
    passage: Passage | None = None


_FIGURE = re.compile(r"\d{2,9}(?:\.\d{1,4})?")
_LINKS = frozenset(words("link links url urls website websites site sites page pages webpage address addresses online"))
_REACHED = frozenset(words("phone mobile cell tel telephone number fax whatsapp sms msisdn contact account"))
AGENTS = MACHINES | {"agent", "agents"}  # these may be people, too
_CODE = frozenset(("file", "repository"))  # kinds of what machines may run
_AN_OUTSIDERS = frozenset((OUTSIDER, INSTRUCTION))  # worse than from nowhere, though of a lower rank
_NOTHING = Origin(NONE)
_UNTOLD = (NONE, None)
_FROM_GOAL = (GOAL, None)


class Case(Relying):
    """One call against one goal and memory; made for one assessment."""

    __slots__ = ()

    def ground(self) -> tuple[Origin, Origin]:
        """The worst origin of the arguments that matter, and of the sinks alone."""
        arguments, spoken = self.arguments, self.memory.spoken
        worst = sink = _NOTHING
        reaches = self.tview.acts and self.memory.holds
        for asked in self.tview.asked:
            path = asked.path
            if path in arguments:
                value = arguments[path]
            elif asked.nested:
                value = at(arguments, path)
            else:
                continue
            if not asked.composed:
                self._sink = asked.sink
                self._argument = path if not asked.sink or asked.identity else ""
                for text in (value,) if type(value) is str else leaves(value, MAX_VALUES):
                    rank, passage = self.origin(text)
                    if rank > worst.rank:
                        found = Origin(rank, path, passage)
                        worst = found if rank < NOWHERE else self._worse(worst, found, text, asked.must)
            elif spoken or reaches:
                worst = self._other(worst, path, value, asked.embeds)
            if asked.sink:
                sink = worst
        self._argument, self._sink = "", False
        if reaches and worst.rank not in _AN_OUTSIDERS and self.view.stems.isdisjoint(self.tview.called):
            worst = self._figures(worst, arguments)
        if spoken or reaches:
            roles, content = self.tview.roles, self.tview.content
            for name, value in arguments.items():
                if name not in roles:
                    worst = self._other(worst, name, value, name in content)
        return worst, sink

    def _figures(self, worst: Origin, arguments: Mapping[str, Any]) -> Origin:
        """A figure that only somebody's prose tells, a limit or a price, is his, unless the goal relies on him for it.

        Not where the goal asks for this very act."""
        for name, value in arguments.items():
            if type(value) in (str, bool):
                continue
            for text in leaves(value, MAX_FIGURES):
                keys = value_of(text).keys if _FIGURE.fullmatch(text) else ()
                for key in keys:
                    places = () if key in self.view.keys else self.memory.seen(key)
                    if places and self._mentioned(text, places):
                        return Origin(OUTSIDER, name, places[0])
        return worst

    def said(self) -> frozenset[str]:
        """What the arguments that matter say of what the goal says."""
        return self.view.keys.intersection(self._said)

    def _worse(self, worst: Origin, found: Origin, text: str, must: bool) -> Origin:
        """What is found is worse, unless it need not come from anywhere, or not from elsewhere."""
        if found.rank == NOWHERE and (not must or computed(text)):
            return worst
        if found.rank == INSTRUCTION and _anybodys(found, text):
            return worst
        if found.rank == INSTRUCTION and not must and found.passage and self.refers_by_name(found.passage.source):
            # an amount that the item named by the goal asks for
            return Origin(REFERENCED, found.argument, found.passage) if worst.rank < REFERENCED else worst
        return found

    def _other(self, worst: Origin, name: str, value: Any, content: bool) -> Origin:
        """Arguments without a role count only where an instruction shows in them, or somebody to be reached whom nobody
        but an outsider names."""
        spoken = bool(self.memory.spoken)
        if worst.rank == INSTRUCTION or (worst.rank == OUTSIDER and not spoken):
            return worst
        for text in (value,) if type(value) is str else leaves(value, MAX_VALUES):
            alone = not content and len(text) <= LONG and text.count(" ") < MANY
            if not spoken and not REACHING.search(text):  # nobody is reached by it
                self._said += value_of(text).keys if alone else ()
                continue
            pieces = embedded(text[:MAX_CONTENT]) if not alone else [] if reckoned(text) else [text]
            for piece in pieces[:MAX_VALUES]:
                rank, passage = self.origin(piece)
                if rank in (REFERENCED, OUTSIDER) and worst.rank not in _AN_OUTSIDERS and passage:
                    reached = rank == OUTSIDER and self._reaches(piece, passage, name if alone else "")
                    if reached or self._lures(piece, passage):
                        worst = Origin(OUTSIDER, name, passage)
                if rank == INSTRUCTION and not _anybodys(found := Origin(rank, name, passage), piece):
                    return found
        return worst

    def origin(self, text: str) -> tuple[int, Passage | None]:
        """Where one value came from; `NONE` when it is too short or common to tell."""
        value = value_of(text)
        if not value.words:
            return _UNTOLD
        self._value = value.lowered
        said, keys = value.keys, self.view.keys
        self._said += said
        if keys.issuperset(said):
            return _FROM_GOAL
        rank, passage, found = NONE, None, 0
        plain, speaks = (
            0,
            None,
        )  # plain nouns of a longer text that a request has, too: "a quiet room", "ask for room 7"
        for word in value.words:
            if word[0] in keys:
                found += 1
                rank = rank or GOAL
                continue
            one, where = self._word(word)
            if one == INSTRUCTION and len(value.words) > FEW_WORDS and is_noun(word[0]):
                plain, speaks = plain + 1, where
            elif one != NOWHERE:
                found += 1
                if one > rank:
                    rank, passage = one, where
        if plain:
            found += plain
            if plain * 2 >= value.asked:
                rank, passage = INSTRUCTION, speaks
        if found * 2 >= value.asked and rank != NONE:
            return rank, passage
        for key in value.others():
            if key in keys:
                return GOAL, None
            if places := self.memory.seen(key):
                return self._judge(places)
        squeezed = value.squeezed()
        if len(squeezed) >= LEAST_SQUEEZED and squeezed in self.view.squeezed:
            return GOAL, None
        if rank == INSTRUCTION:
            return rank, passage
        place = self._sink and shape(self._value) == "name"
        if (self._argument or place) and self.memory.named.issuperset(said) and self._used(said):
            return REFERENCED, None
        if place and not self.view.keys.isdisjoint(hints(self._value.lstrip("#@"))):
            return REFERENCED, None  # "the print channel" is `forms-print`: nobody else wrote of it
        return (UNKNOWN if self.memory.gaps or self.memory.overflowed else NOWHERE), None

    def _used(self, said: list[str]) -> bool:
        """Whether an earlier call of this work, which was permitted and had a result, already named it.

        Nobody's text has it, so that nobody but the agent chose it; where data goes is asked about all the same."""
        first = said[0]
        for source in self.memory.sources[-MAX_RECENT:]:
            if first in source.arguments and source.text and set(said).issubset(source.arguments):
                return True
        return False

    def _word(self, word: Word) -> tuple[int, Passage | None]:
        """A token as a whole; failing that, the worst of its parts when all of them are known (a joined address).

        The goal does not say the whole."""
        keys, placed = self.view.keys, self.memory.seen
        whole = word[0]
        for key in sayings(word) if len(word) > 1 else word:
            if key in keys:
                if significant(key):
                    return GOAL, None
            elif (places := placed(key)) and significant(key):
                one, where = self._judge(places)
                if one == OUTSIDER and self._belongs(whole, where):
                    one = REFERENCED
                return one, where
        if whole.isalnum():
            return NOWHERE, None
        stem, _, extension = whole.rpartition(".")
        if stem in keys and extension.isalnum() and significant(stem):
            return GOAL, None  # a file by the name that the goal says
        rank, passage = NONE, None
        for piece in pieces(whole):
            if len(piece) < LEAST or piece in IDLE:
                continue
            if piece in keys:
                rank = rank or GOAL
            elif places := placed(piece):
                one, where = self._judge(places)
                if one > rank:
                    rank, passage = one, where
            else:
                return NOWHERE, None
        return (rank, passage) if rank != NONE else (NOWHERE, None)

    def _belongs(self, whole: str, where: Passage | None) -> bool:
        """Whether a value that an outsider's record holds is of whom the goal speaks: by the parts of its name; or by
        having sent what was read, where the goal has somebody answered. Not what is only mentioned in a remark."""
        if not self.view.keys.isdisjoint(hints(whole)):
            return True
        if "@" not in whole or where is None or not self._sink:
            return False
        if where.told(self._value) and not where.signed_by(self._value):
            return False
        if not self.view.odd.isdisjoint(pieces(whole.rpartition("@")[0])):
            return True
        return self.view.answers and where.sent_by(self._value)

    def _judge(self, places: Sequence[Passage]) -> tuple[int, Passage | None]:
        """The origin of a value that was seen in these passages."""
        best, where = INSTRUCTION, None
        spoken = None
        for passage in places:
            instruction = passage if passage.instruction else passage.introduced
            if not passage.source.outside:
                doubted = best == TRUSTED or self._told(passage) or self.written_down(passage.source)
                rank = OUTSIDER if doubted else TRUSTED  # no better one can be found
            elif instruction is not None and not (
                passage.introduced and self.refers(passage.source) and self.refers_by_name(passage.source)
            ):
                if not self.delegated(instruction):
                    spoken = spoken or passage
                    continue
                rank = OUTSIDER if self.at_stake() or self._strange(instruction) else REFERENCED
            else:
                relied = (self.view.acts or not self.tview.acts) and (
                    self.refers(passage.source)
                    or self._linked(passage)
                    or self._selected(passage)
                    or self.called_so(passage.source)
                    or self._known_there(passage)
                )
                rank = REFERENCED if relied and best > REFERENCED and not self._told(passage) else OUTSIDER
            if rank < best:
                best, where = rank, passage
        if spoken is None:
            return best, where
        if where is None:
            return INSTRUCTION, spoken
        if best == TRUSTED and where.number < spoken.number:
            return best, where
        return (INSTRUCTION, spoken) if self.fits(spoken) else (best, where)

    def _strange(self, passage: Passage) -> bool:
        """Whether a passage that speaks to machines has data go to a domain that is met nowhere else, or a setting
        is a link to one: who hands a text over did not write that."""
        found = shape(self._value)
        if found not in ("address", "link") or (
            passage.tokens.isdisjoint(AGENTS) if self._sink else found == "address" or not self.tview.acts
        ):
            return False
        return self._met_once(self._value.rpartition("@")[2], passage)

    def _met_once(self, place: str, passage: Passage) -> bool:
        """Whether the host of a place stands in this text only."""
        host = place.lower().rpartition("://")[2].partition("/")[0].removeprefix("www.")
        return host not in self.view.keys and not any(
            one.source is not passage.source for one in self.memory.seen(host)
        )

    def _lures(self, piece: str, passage: Passage) -> bool:
        """Whether somebody or some machine would be sent to a link that stands in one text of an outsider only, and the
        goal speaks of no link. Who writes it down for himself is sent nowhere."""
        tview = self.tview
        told = tview.classes & (COMMUNICATE | EXECUTE) or not _CODE.isdisjoint(tview.kinds)
        if not tview.acts or not told or shape(piece) not in ("link", "path"):
            return False
        return "/" in piece and self.view.keys.isdisjoint(_LINKS) and self._met_once(piece, passage)

    def _reaches(self, piece: str, passage: Passage, argument: str) -> bool:
        """Whether a call that acts would tell where money goes, or its `argument` is where somebody is reached: in free
        text people are told of addresses and links."""
        if not self.tview.acts or argument + "[]" in self.tview.roles:
            return False
        found = shape(piece)
        if found == "account":
            if any(map(str.isalpha, piece)):
                return not may_date(piece.lower())
            return not _REACHED.isdisjoint(split(argument)) and not self.refers(passage.source)
        if found == "name":
            return self._lives(piece, argument)
        return bool(argument) and found != "path"

    def only_remarked(self, origin: Origin) -> bool:
        """Whether something hard to undo is done to what nobody but the writer of a remark named."""
        passage, argument = origin.passage, origin.argument
        if passage is None or not self.tview.classes & RISKY or argument in self.tview.sinks:
            return False
        return not self.deferred_to(passage) and any(
            any(map(str.isdigit, said := text.lower())) and said not in self.view.keys and self._remarked(passage, said)
            for text in leaves(at(self.arguments, argument), MAX_VALUES)
            if not computed(text)
        )

    def _remarked(self, passage: Passage, said: str) -> bool:
        """Whether a value stands in remarks only, or in what was looked for by what this one says."""
        return passage.told(said) and all(
            place.told(said) or not passage.tokens.isdisjoint(place.source.arguments)
            for place in self.memory.seen(said)[:MAX_FIELDS]
        )


def _anybodys(found: Origin, text: str) -> bool:
    """Whether it is one of a few words that anybody would use, which tells nothing about who chose it."""
    return is_choice(found.argument) and found.passage is not None and found.passage.uses(text)
