"""Where the arguments of a call came from.

Only arguments that matter are asked about: sinks, targets, amounts, and of free text what it embeds (addresses,
accounts, links). Each is looked up as keys; the best honest explanation of a value counts, except that an
outsider's instruction which fits the call is the explanation unless the value was in the goal, or in trusted
data before the outsider spoke. The worst argument is the call's origin.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from remit.catalogue.words import split
from remit.intent.classes import ADMINISTER, COMMUNICATE, DELETE, EXECUTE, READ, TRANSFER
from remit.intent.lookups import (
    IDLE,
    LEAST,
    Word,
    computed,
    embedded,
    hints,
    is_code,
    pieces,
    reckoned,
    sayings,
    value_of,
)
from remit.intent.memory import Memory
from remit.intent.sources import Passage, Source, field_tells, is_choice
from remit.intent.tools import ToolView, tool_view
from remit.intent.values import REACHING, at, leaves, may_date, shape, significant
from remit.intent.views import GoalView, series_of
from remit.intent.words import words
from remit.terms import VERDICTS, FindingKind

ORIGINS = VERDICTS[FindingKind.GROUNDING]
NONE, GOAL, TRUSTED, REFERENCED, UNKNOWN, OUTSIDER, NOWHERE, INSTRUCTION = range(len(ORIGINS))
MAX_VALUES = 64  # of one call
MAX_LOOKS = 48  # into records, for one call: beyond, a value counts as mentioned and as no field
MAX_LINKS = 64  # results that lead from one to the next
LEAST_SQUEEZED = 5  # characters of a value that is looked for in the goal without its separators
MAX_CONTENT = 20_000  # characters of free text that are searched
LONG = 80  # characters; a longer argument is free text
_RISKY = TRANSFER | DELETE | EXECUTE | ADMINISTER
_STAKES = frozenset(("payment", "password", "role", "address"))  # kinds on which a delegated instruction never suffices


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where one argument came from."""

    rank: int
    argument: str = ""
    passage: Passage | None = None


_CHANGE = frozenset(("changed", "change", "changes", "new", "moved", "other", "different"))  # said of an account
_LINKS = frozenset(words("link links url urls website websites site sites page pages webpage address addresses online"))
_POSTAL = frozenset(words("address addresses street streets addr road line1 line2 address1 address2 postal shipping"))
_REACHED = frozenset(words("phone mobile cell tel telephone number fax whatsapp sms msisdn contact account"))
_PEOPLE = frozenset(
    words("contact user employee customer member person people colleague staff traveller patient guest")
)
_MACHINES = frozenset(words("assistant assistants agent agents ai bot bots llm automation copilot"))
_NOTHING = Origin(NONE)
_UNTOLD = (NONE, None)
_FROM_GOAL = (GOAL, None)


class Case:
    """One call against one goal and memory; made for one assessment."""

    __slots__ = (
        "_argument",
        "_links",
        "_looks",
        "_said",
        "_sink",
        "_value",
        "arguments",
        "memory",
        "news",
        "records",
        "tview",
        "view",
    )

    def __init__(self, arguments: Mapping[str, Any], tview: ToolView, view: GoalView, memory: Memory) -> None:
        self.arguments = arguments
        self.view = view
        self.tview = tview
        self.memory = memory
        self._said: list[str] = []  # keys of the arguments that matter
        self._argument = ""  # the target that is asked about
        self._value = ""  # its value
        self._sink = False  # whether it is one
        self._links = 0  # that are being followed
        self._looks = 0  # into the text of records
        # what it says that the goal does not, and the words of its things' records; for `steered`
        self.news: list[list[str]] | None = None
        self.records: list[frozenset[str]] | None = None

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
        if spoken or reaches:
            roles, content = self.tview.roles, self.tview.content
            for name, value in arguments.items():
                if name not in roles:
                    worst = self._other(worst, name, value, name in content)
        return worst, sink

    def said(self) -> frozenset[str]:
        """What the arguments that matter say of what the goal says."""
        return self.view.keys.intersection(self._said)

    def names(self, some: frozenset[str]) -> bool:
        """Whether an argument that matters says one of these keys."""
        return not some.isdisjoint(self._said)

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
        if worst.rank == INSTRUCTION or (worst.rank >= OUTSIDER and not spoken):
            return worst
        for text in (value,) if type(value) is str else leaves(value, MAX_VALUES):
            alone = not content and len(text) <= LONG
            if not spoken and not REACHING.search(text):  # nobody is reached by it
                self._said += value_of(text).keys if alone else ()
                continue
            pieces = embedded(text[:MAX_CONTENT]) if not alone else [] if reckoned(text) else [text]
            for piece in pieces[:MAX_VALUES]:
                rank, passage = self.origin(piece)
                if rank in (REFERENCED, OUTSIDER) and worst.rank < OUTSIDER and passage:
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
        for word in value.words:
            if word[0] in keys:
                found += 1
                rank = rank or GOAL
                continue
            one, where = self._word(word)
            if one != NOWHERE:
                found += 1
                if one > rank:
                    rank, passage = one, where
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
        if self._argument and self._used(said):
            return REFERENCED, None
        return (UNKNOWN if self.memory.gaps or self.memory.overflowed else NOWHERE), None

    def _used(self, said: list[str]) -> bool:
        """Whether an earlier call of this work, which was permitted and had a result, already named it.

        Nobody's text has it, so that nobody but the agent chose it; where data goes is asked about all the same."""
        first = said[0]
        for source in self.memory.sources[-MAX_LINKS:]:
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
                rank = OUTSIDER if best == TRUSTED or self._told(passage) else TRUSTED  # no better one can be found
            elif instruction is not None and not (
                passage.introduced and self.refers(passage.source) and self.refers_by_name(passage.source)
            ):
                if not self.delegated(instruction):
                    spoken = spoken or passage
                    continue
                rank = OUTSIDER if self.at_stake() or self._strange(instruction) else REFERENCED
            else:
                relied = (self.view.acts or not self.tview.acts) and (
                    self.refers(passage.source) or self._linked(passage) or self._selected(passage)
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
        """Whether a passage that speaks to machines has data go to a domain that is met nowhere else: who hands
        a text over did not write that."""
        if not self._sink or passage.tokens.isdisjoint(_MACHINES) or shape(self._value) not in ("address", "link"):
            return False
        return self._met_once(self._value.rpartition("@")[2], passage)

    def _met_once(self, place: str, passage: Passage) -> bool:
        """Whether the host of a place stands in this text only."""
        host = place.lower().rpartition("://")[2].partition("/")[0].removeprefix("www.")
        return host not in self.view.keys and not any(
            one.source is not passage.source for one in self.memory.seen(host)
        )

    def _lures(self, piece: str, passage: Passage) -> bool:
        """Whether somebody would be sent a link that stands in one text of an outsider only, and the goal speaks of no
        link."""
        if not self.tview.acts or not self.tview.classes & COMMUNICATE or shape(piece) not in ("link", "path"):
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

    def _lives(self, piece: str, argument: str) -> bool:
        """Whether a value is a street and a number, of which the goal says nothing."""
        if " " not in piece or not any(map(str.isdigit, piece)) or _POSTAL.isdisjoint(split(argument)):
            return False
        return self.view.keys.isdisjoint(value_of(piece).keys)

    def strays(self) -> bool:
        """Whether what is acted on has a number of the same series as what the goal names, and is another."""
        view, found = self.view, False
        for asked in self.tview.asked:
            if asked.composed or (asked.sink and not asked.identity):
                continue
            for text in leaves(at(self.arguments, asked.path), MAX_VALUES):
                said = value_of(text).keys
                if not view.keys.isdisjoint(said):
                    return False
                found = found or any(series_of(key) in view.series for key in said)
        return found

    def only_remarked(self, origin: Origin) -> bool:
        """Whether something hard to undo is done to what nobody but the writer of a remark named."""
        passage, argument = origin.passage, origin.argument
        if passage is None or not self.tview.classes & _RISKY or argument in self.tview.sinks:
            return False
        return not self.deferred_to(passage) and any(
            any(map(str.isdigit, said := text.lower())) and said not in self.view.keys and passage.told(said)
            for text in leaves(at(self.arguments, argument), MAX_VALUES)
            if not computed(text)
        )

    def at_stake(self) -> bool:
        """Whether money, access or something hard to undo is at stake, on which no delegated instruction suffices."""
        return bool(self.tview.acts and (_RISKY & self.tview.classes or not _STAKES.isdisjoint(self.tview.kinds)))

    def stakes_spoken(self) -> bool:
        """Whether the goal itself speaks of what is at stake."""
        return bool(self.tview.kinds & _STAKES & self.view.kinds)

    def refers_by_name(self, source: Source) -> bool:
        """Whether the goal names an argument of the call that the result answers."""
        keys, told = self.view.keys, source.arguments
        if keys.isdisjoint(told):
            return "" in told
        return any(key == "" or (key in keys and (significant(key) or is_code(key))) for key in told)

    def refers(self, source: Source) -> bool:
        """Whether the goal refers to the item that a result is: by name, by kind, or through one that it refers to."""
        if source.view is not self.view:
            if self._links >= MAX_LINKS:
                return False
            source.view, source.reference = self.view, False  # while it is asked about: items may name each other
            self._links += 1
            source.reference = self._refers(source, tool_view(source.tool))
            self._links -= 1
        return source.reference

    def _refers(self, source: Source, told: ToolView) -> bool:
        view = self.view
        if self.refers_by_name(source) or not told.about.isdisjoint(view.about):
            return True
        if (not source.arguments and told.own) or not told.title.isdisjoint(view.sources):
            return True
        if view.handed and any(  # the goal is what the source asks for
            not told.kinds.isdisjoint(grant.kinds)
            for passage in self.memory.spoken
            if passage.source is not source and self.delegated(passage)
            for grant in passage.grants
        ):
            return True
        people = not told.acts and not told.kinds.isdisjoint(
            _PEOPLE
        )  # who is asked for is named by what is handed over
        for key in source.arguments:
            places = self.memory.seen(key) if significant(key) else ()
            for place in places[:4]:
                said = not place.instruction or (people and self.deferred_to(place))
                if said and place.source is not source and self.refers(place.source):
                    return True
        return False

    def _linked(self, passage: Passage) -> bool:
        """Whether the record names something that the goal names."""
        view, placed = self.view, self.memory.seen
        if passage.linked[0] is not view:
            source, item = passage.source, passage.source.item(passage.start)
            named = any(
                place is passage
                or (place.source is source and not place.instruction and source.item(place.start) == item)
                for name in view.names
                for place in placed(name)
            )
            passage.linked = (view, named or not passage.called.isdisjoint(view.odd))
        return passage.linked[1]

    def _told(self, passage: Passage) -> bool:
        """Whether where data or money would go is only mentioned in what somebody wrote into a record.

        A record that the goal refers to has fields for that; what its notes and remarks tell is their author's."""
        if not self._sink and shape(self._value) == "name" and not self._lives(self._value, self._argument):
            return False
        if passage.moved:  # a goal that asks to pay does not ask to pay to another account than before
            known = not _CHANGE.isdisjoint(self.view.keys) and self.refers(passage.source)
            return not known and (bool(self.view.classes & TRANSFER) or not self.deferred_to(passage))
        self._looks += 1
        return (self._looks > MAX_LOOKS or passage.told(self._value)) and not self.deferred_to(passage)

    def _selected(self, passage: Passage) -> bool:
        """Whether the value is a field of a record by which systems tell things apart, or that the argument names.

        The system that lists things gives them their numbers; who wrote what stands beside them does not. Not where
        data goes: an outsider's record may well have an address."""
        if not self._argument or tool_view(passage.source.tool).classes & COMMUNICATE:
            return False
        self._looks += 1
        field = passage.field(self._value) if self._looks <= MAX_LOOKS else ""
        return bool(field) and ("[]" in self._argument or "." in self._argument or field_tells(field, self._argument))

    def delegated(self, passage: Passage) -> bool:
        """Whether the goal defers to where this instruction stands, for what this call does."""
        view = self.view
        if not view.sources and not view.source_kinds:
            return False
        if passage.referred[0] is not view:
            passage.referred = (view, self.deferred_to(passage))
        if not passage.referred[1]:
            return False
        if view.handed or not self.tview.acts:
            return True
        acting = self.tview.acting
        return any(
            (grant.sources or grant.source_kinds)
            and acting & (grant.classes | grant.related)
            and (grant.names <= grant.sources or self.names(grant.names))
            for grant in view.grants
        )

    def deferred_to(self, passage: Passage) -> bool:
        view, source = self.view, passage.source
        named = {
            source.item(place.start)
            for name in view.sources
            for place in self.memory.seen(name)
            if place.source is source and not place.instruction
        }
        # what the result answers is named; where it is a list, only the items that are named are meant
        here = source.item(passage.start) in named if named else not view.sources.isdisjoint(source.arguments)
        here = here or not tool_view(source.tool).title.isdisjoint(view.sources)
        if not here and view.source_kinds:
            kinds = tool_view(source.tool).kinds
            # a house's own rules say how what is handed over is done, whoever is named
            here = (not view.sources and not view.source_kinds.isdisjoint(kinds)) or (view.handed and "policy" in kinds)
        return here

    def fits(self, passage: Passage) -> bool:
        """Whether the instruction, read as a goal, would license this call."""
        tview = self.tview
        if not tview.acts:
            return any(grant.classes & READ for grant in passage.grants)
        return any(
            grant.classes & tview.acting or (grant.related & tview.classes and not grant.kinds.isdisjoint(tview.kinds))
            for grant in passage.grants
        )


def _anybodys(found: Origin, text: str) -> bool:
    """Whether it is one of a few words that anybody would use, which tells nothing about who chose it."""
    return is_choice(found.argument) and found.passage is not None and found.passage.uses(text)
