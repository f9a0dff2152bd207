"""On whose word the goal relies: which results it refers to, and which instructions it defers to.

A goal refers to an item by name, by its kind, or through another item that it refers to. It defers to where an
instruction stands when it says so ("as the notice says"); then what is asked there is the goal's, too. A record has
fields, which its system keeps, and remarks, which are their author's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from remit.catalogue.words import singular, split
from remit.intent.classes import ADMINISTER, COMMUNICATE, DELETE, EXECUTE, READ, TRANSFER
from remit.intent.filing import names as filed
from remit.intent.lookups import is_code, value_of
from remit.intent.memory import Memory
from remit.intent.nouns import kinds
from remit.intent.sources import Passage, Source, field_tells
from remit.intent.tools import ToolView, tool_view
from remit.intent.values import shape, significant
from remit.intent.views import GoalView
from remit.intent.words import words

MACHINES = frozenset(words("assistant assistants ai bot bots llm llms automation copilot"))
_STEPS = frozenset(("task", "policy"))  # kinds of texts that say what is done
_DOCUMENTS = frozenset(("file", "policy", "task"))  # and of tools that tell them
_PAGES = frozenset(("page",))  # that a house writes for itself: who fetches others' tells where he looks
MAX_LOOKS = 48  # into records, for one call: beyond, a value counts as mentioned and as no field
MAX_LINKS = 64  # results that lead from one to the next
RISKY = TRANSFER | DELETE | EXECUTE | ADMINISTER
_STAKES = frozenset(("payment", "password", "role", "address"))  # kinds on which a delegated instruction never suffices
_REACHED = frozenset(("account", "address", "link"))  # shapes of values by which somebody is paid or reached
_CHANGE = frozenset(("changed", "change", "changes", "new", "moved", "other", "different"))  # said of an account
_POSTAL = frozenset(words("address addresses street streets addr road line1 line2 address1 address2 postal shipping"))
_PERSON, _SAID = "user", "message"  # kinds
_PEOPLE = frozenset(
    words("contact user employee customer member person people colleague staff traveller patient guest")
)


class Relying:
    """One call against one goal and memory, and the argument of it that is asked about."""

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

    def at_stake(self) -> bool:
        """Whether money, access or something hard to undo is at stake, on which no delegated instruction suffices."""
        return bool(self.tview.acts and (RISKY & self.tview.classes or not _STAKES.isdisjoint(self.tview.kinds)))

    def stakes_spoken(self) -> bool:
        """Whether the goal itself speaks of what is at stake, or asks for it in its own words."""
        at_stake = self.tview.acting & RISKY
        return bool(self.tview.kinds & _STAKES & self.view.kinds) or any(
            at_stake and not at_stake & ~grant.classes and grant.sure and not grant.handed for grant in self.view.grants
        )

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
                if place.source is source or not said:
                    continue
                if self.refers(place.source) or (people and self.deferred_to(place)):
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
        if self._sink and self.view.answers and self._only_mentioned(passage):
            return True
        self._looks += 1
        return (self._looks > MAX_LOOKS or passage.told(self._value)) and not self._left_to(passage)

    def _only_mentioned(self, passage: Passage) -> bool:
        """Whether a message that is answered speaks of an address, which is not its sender's."""
        if "@" not in self._value or _SAID not in tool_view(passage.source.tool).kinds:
            return False
        self._looks += 1
        return self._looks > MAX_LOOKS or not (passage.sent_by(self._value) or passage.field(self._value))

    def _left_to(self, passage: Passage) -> bool:
        """Whether the goal leaves it to a text; what is acted on is none ("change my order accordingly")."""
        view = self.view
        spoken = view.sources or not (view.source_kinds & tool_view(passage.source.tool).kinds) <= self.tview.kinds
        return bool(spoken) and self.deferred_to(passage)

    def _mentioned(self, figure: str, places: Sequence[Passage]) -> bool:
        """Whether a figure stands nowhere but in the prose of outsiders on whom the goal does not rely."""
        self._looks += len(places)
        return self._looks <= MAX_LOOKS and all(
            (place.instruction or place.introduced or place.told(figure))
            and place.source.outside
            and not self.deferred_to(place)
            for place in places
        )

    def _selected(self, passage: Passage) -> bool:
        """Whether the value is a field of a record by which systems tell things apart, or that the argument names.

        The system that lists things gives them their numbers; who wrote what stands beside them does not. Not where
        data goes: an outsider's record may well have an address."""
        if not self._argument or tool_view(passage.source.tool).classes & COMMUNICATE:
            return False
        self._looks += 1
        field = passage.field(self._value) if self._looks <= MAX_LOOKS else ""
        return bool(field) and ("[]" in self._argument or "." in self._argument or field_tells(field, self._argument))

    def _lives(self, piece: str, argument: str) -> bool:
        """Whether a value is a street and a number, of which the goal says nothing."""
        if " " not in piece or not any(map(str.isdigit, piece)) or _POSTAL.isdisjoint(split(argument)):
            return False
        return self.view.keys.isdisjoint(value_of(piece).keys)

    def written_down(self, source: Source) -> bool:
        """Whether a result answers a call that put down where to pay or reach somebody as an outsider said: the number
        that it got there is worth no more than that."""
        if not tool_view(source.tool).acts:
            return False
        for key in source.arguments:
            if key not in self.view.keys and shape(key) in _REACHED and (places := self.memory.seen(key)):
                first = places[0].source
                if first.outside and (not self.refers(first) or not self._means(places[0])):
                    return True
        return False

    def _means(self, passage: Passage) -> bool:
        """Whether a passage is a plain statement, or one that the goal defers to."""
        return not passage.instruction or self.delegated(passage)

    def delegated(self, passage: Passage) -> bool:
        """Whether the goal defers to where this instruction stands, for what this call does."""
        view = self.view
        if not view.sources and not view.source_kinds:
            return False
        if not self.left_to(passage):
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

    def left_to(self, passage: Passage) -> bool:
        """Whether the goal defers to where this stands; found out once for a goal."""
        if passage.referred[0] is not self.view:
            passage.referred = (self.view, self.deferred_to(passage))
        return passage.referred[1]

    def _known_there(self, passage: Passage) -> bool:
        """Whether the goal says who has the address, and nothing but that is asked of him: "Elise has the address"."""
        view = self.view
        return self._sink and "address" in view.kinds and not view.handed and self.left_to(passage)

    def deferred_to(self, passage: Passage) -> bool:
        """Whether the goal leaves it to where this stands what is done."""
        view, source = self.view, passage.source
        if not view.sources and not view.source_kinds:
            return False
        if passage.instruction and _to_machines(passage):
            return False  # who hands a text over did not have it written for machines
        named = {
            source.item(place.start)
            for name in view.sources
            for place in self.memory.seen(name)
            if place.source is source and not place.instruction
        }
        # what the result answers is named; where it is a list, only the items that are named are meant
        here = source.item(passage.start) in named if named else not view.sources.isdisjoint(source.arguments)
        told = tool_view(source.tool)
        about = told.kinds
        here = here or not told.title.isdisjoint(view.sources)
        if here and _PERSON in about and _SAID not in about and view.source_kinds.isdisjoint(about):
            return False  # who is relied on speaks in messages, not in what is noted down of people
        if not here and view.source_kinds:
            # a house's own rules say how what is handed over is done, whoever is named
            here = (not view.sources and not view.source_kinds.isdisjoint(about)) or (view.handed and "policy" in about)
            here = here or (view.handed and self.kept_by_name(source))
        return here

    def called_so(self, source: Source) -> bool:
        """Whether the one text that a result is has the name by which the goal calls it, and little is at stake."""
        if tool_view(source.tool).acts or self.at_stake():
            return False
        found = filed(source.arguments, source.text)
        return bool(found) and found <= self.view.keys

    def kept_by_name(self, source: Source) -> bool:
        """Whether a document has the name by which a goal relies on it, "the opening checklist": not what people write
        to each other, whatever they call it."""
        view, told = self.view, tool_view(source.tool)
        meant = view.source_kinds & _STEPS
        if not meant or told.sends or told.acts or told.kinds.isdisjoint(_DOCUMENTS | _PAGES):
            return False
        found = filed(source.arguments, source.text)
        if found and view.handed and found <= view.keys:
            return True
        if "policy" in meant and told.kinds.isdisjoint(_DOCUMENTS):
            return not view.stems.isdisjoint(map(singular, found))  # "renew the cert, there's a runbook": "Certs"
        return any(not meant.isdisjoint(kinds(word)) for word in found)

    def fits(self, passage: Passage) -> bool:
        """Whether the instruction, read as a goal, would license this call."""
        tview = self.tview
        if not tview.acts:
            return any(grant.classes & READ for grant in passage.grants)
        return any(
            grant.classes & tview.acting or (grant.related & tview.classes and not grant.kinds.isdisjoint(tview.kinds))
            for grant in passage.grants
        )

    def names(self, some: frozenset[str]) -> bool:
        """Whether an argument that matters says one of these keys."""
        return not some.isdisjoint(self._said)


def _to_machines(passage: Passage) -> bool:
    """Whether it speaks to machines; a house tells its people, and what works for them, how work is done."""
    return not passage.tokens.isdisjoint(MACHINES) and "policy" not in tool_view(passage.source.tool).kinds
