"""Tools prepared for comparison, so that judging a call costs a few look-ups.

A view is a pure function of the definition that it shows. It says what the tool does and works on, and which of a
call's arguments are asked about, and how: a sink or target must come from somewhere, an amount may be computed, what
the agent composes counts only where an instruction shows in it.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

import msgspec

from remit.catalogue import acts_of, classes_of, mode_of, said_by, script_of, statement_of, verb_classes, verbs_named
from remit.catalogue.words import singular, split
from remit.intent.classes import ADMINISTER, COMMUNICATE, CREATE, READ, TRANSFER, UPDATE, bits
from remit.intent.nouns import compound, is_noun, is_standing, kinds
from remit.intent.words import words
from remit.terms import OperationClass, Tool

_LOOKING = READ | COMMUNICATE  # a read from a place that it names also tells that place
# They say nothing about what a tool works on.
_EMPTY = frozenset(
    words(
        """
        by id for from to with of in on at and or all new current details detail list data info
        information most recent last the a an my name number direct via v api tool get given specific
        based existing using
    """
    )
)
# Arguments that the agent composes: their wording comes from nowhere, what they embed does not.
_COMPOSED = frozenset(
    words("command cmd sql query expression code script formula statement prompt thought regex pattern")
)
_ORIGINS = frozenset(words("from source sender origin debit"))
# What a tool tells without being asked for anything in particular: the asker's own facts.
_OWN = frozenset(words("profile preference setting saved payee beneficiary wallet passport whoami me account"))
_EDGES = ".,:;!?()'\""
_RULES = frozenset(("policy",))
_HOUSE_RULES = frozenset(
    (first, second)
    for first in words("knowledge help support internal staff company house")
    for second in words("base center centre article articles guide guides handbook procedures rules library")
)
# Where work is written down, and the work that is closed when it is done.
_REMARKS = frozenset(words("note remark log worklog logbook memo annotation timeline journal-note"))
_WORK = frozenset(words("case task"))
_CLOSING = frozenset(words("close resolve complete finish update comment solve acknowledge"))
# What a rule does to mail that stays in the house: its target is a folder or a label, and nobody's address.
_IN_PLACE = frozenset(
    words("move delete archive label flag mark star trash categorize categorise file pin mute snooze hide discard")
)
_WITHIN = frozenset(("target", "destination"))
_RIGHTS = ("permission", "role", "access", "access_level", "rights", "level")
_VIEWING = frozenset(words("view viewer read reader read-only readonly comment commenter"))
_SHOWN = "shown"  # among the modes: they are values of an argument that says what is done
MAX_DESCRIPTION = 200  # characters of a description that tell what a tool works on
MAX_MODE = 40  # characters of a value that says what is done
MAX_MODES = 32  # such values of one tool
MAX_VIEWS = 2048  # tools whose view is found without reading them again


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One argument with a role."""

    path: str
    must: bool  # come from somewhere; an amount may be computed
    nested: bool  # not an argument itself, but inside one
    sink: bool = False
    identity: bool = False  # of a party that the system knows, not an address
    composed: bool = False  # by the agent, or drawn on: counts only where an instruction shows in it
    embeds: bool = False  # free text: what it embeds is asked about


class ToolView(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A tool, ready to be compared."""

    classes: int  # as bits
    acting: int  # the same without reading
    verbs: frozenset[str]  # what its name and its description's head call the act
    called: frozenset[str]  # all verbs of its name
    acts: bool  # does more than look something up
    sends: bool  # to somewhere
    kinds: frozenset[str]
    things: bool  # whether the lexicon knows one of them
    notes: bool  # writes down what was done, or that it was: a note on a record, a ticket that is closed
    standing: frozenset[str]  # those that stay in force
    about: frozenset[str]  # kinds of what its results speak of, by its name and its description
    title: frozenset[str]  # words of its whole name that say where it looks: `kb.get` is the kb's
    own: bool  # tells the asker's own facts
    tells_secrets: bool
    sinks: tuple[str, ...]
    amounts: bool
    asked: tuple[Asked, ...]  # sinks, then targets and amounts
    roles: frozenset[str]  # arguments that these name
    content: frozenset[str]  # arguments that are free text
    mode: str  # the argument that says what is done, or ""
    statement: str  # the argument that is a statement of a query language or a command line, or ""
    modes: "dict[str, ToolView]"  # the view for each of its values; filled and bounded by `call_view`


_SEEN: dict[int, tuple[Tool, ToolView]] = {}


def tool_view(tool: Tool) -> ToolView:
    """The view of a tool; found by identity, because a registered tool is one object for all its calls."""
    seen = _SEEN.get(id(tool))
    if seen is not None and seen[0] is tool:
        return seen[1]
    view = _view(
        tool.name,
        tool.description[:MAX_DESCRIPTION],
        tool.classes,
        tool.sinks,
        tool.targets,
        tool.amounts,
        tool.content,
        mode_of(tool.input_schema),
        statement_of(tool.input_schema)
        or (
            script_of(tool.name, tool.description, tool.input_schema) if OperationClass.EXECUTE in tool.classes else ""
        ),
    )
    if tool.definition_hash:  # an unregistered one is made anew for each call
        if len(_SEEN) >= MAX_VIEWS:
            _SEEN.clear()
        _SEEN[id(tool)] = (tool, view)  # held, so that the identity stays its own
    return view


def _script_of(tool: Tool) -> str:
    """Not a code that opens a door."""
    runs = OperationClass.EXECUTE in tool.classes
    return script_of(tool.name, tool.description, tool.input_schema) if runs else ""


Paths = tuple[str, ...]


@lru_cache(maxsize=4096)
def _view(
    name: str,
    description: str,
    classes: tuple[OperationClass, ...],
    sinks: Paths,
    targets: Paths,
    amounts: Paths,
    content: Paths,
    mode: str,
    statement: str,
) -> ToolView:
    whole = _without_keys(list(split(_bare(name))))
    words = [word for word in whole if word not in _EMPTY and len(word) > 1]
    begins = len(words) > 1 and words[0] == whole[0] and bool(verb_classes(words[0]))  # the act
    nouns = words[1:] if begins else words
    found = _kinds_of(nouns)
    said = [word.strip(_EDGES) for word in description.lower().split(". ")[0].split()]
    if said and verb_classes(said[0]):
        said = said[1:]  # "List the parcels" tells no list
    told = _kinds_of(said, known=True)
    if any(pair in _HOUSE_RULES for pair in (*pairwise(said), *pairwise(words))):
        told |= _RULES  # what the house has written down for its people
        found |= _RULES
    if not any(map(is_noun, nouns)):  # the name says nothing of what it works on: its description may
        found |= told
    if statement:
        found = frozenset()  # it works on whatever the statement names
    if amounts:
        found |= kinds("payment")  # whatever its name, it settles or records one
    does = bits(classes)
    asked = [path for path in dict.fromkeys((*targets, *amounts)) if path not in sinks]
    return ToolView(
        classes=does,
        acting=does & ~READ,
        verbs=acts_of(_bare(name), description),
        called=verbs_named(_bare(name)),
        acts=_acts(does),
        sends=bool(sinks or does & COMMUNICATE),
        kinds=found,
        things=any(map(is_noun, found)),
        notes=_notes(does, frozenset(map(singular, nouns)), found, verbs_named(_bare(name))),
        standing=frozenset(kind for noun in nouns if is_standing(noun) for kind in kinds(noun)),
        about=found | told,
        title=frozenset(
            word for word in split(name) if word not in _EMPTY and len(word) > 1 and not verb_classes(word)
        ),
        own=not _OWN.isdisjoint(map(singular, words)),
        tells_secrets="password" in found,
        sinks=tuple(dict.fromkeys(sinks)),
        amounts=bool(amounts),
        asked=(
            *(Asked(path, True, _nested(path), sink=True, identity=_identity(path)) for path in dict.fromkeys(sinks)),
            *(_asked(path, path not in amounts) for path in asked),
        ),
        roles=frozenset((*sinks, *targets, *amounts)),
        content=frozenset(content),
        mode=mode,
        statement=statement,
        modes={},
    )


def call_view(tool: Tool, arguments: Mapping[str, Any]) -> ToolView:
    """The view of one call: where an argument says what is done, the act is what this value says, not all it could."""
    view = tool_view(tool)
    if not view.mode and not view.statement:
        return view
    if view.statement and type(value := arguments.get(view.statement)) is str:
        classes = said_by(view.statement, value)
        return _narrowed(view, ", ".join(classes), bits(classes)) if classes else view
    value = arguments.get(view.mode) if view.mode else None
    if type(value) is not str or len(value) > MAX_MODE:
        return view
    return _narrowed(view, value, bits(classes_of(value)))


def only_shown(view: ToolView, arguments: Mapping[str, Any]) -> bool:
    """Whether who gets access to a file may look and no more."""
    if not view.classes & ADMINISTER or "file" not in view.kinds:
        return False
    given = [value for name in _RIGHTS if (value := arguments.get(name)) is not None]
    return bool(given) and all(type(value) is str and value.lower() in _VIEWING for value in given)


def shown(view: ToolView) -> ToolView:
    """The view of a call that lets somebody look: no more than if he had been sent it."""
    does = (view.classes & ~ADMINISTER) | COMMUNICATE
    if _SHOWN not in view.modes:
        view.modes[_SHOWN] = msgspec.structs.replace(view, classes=does, acting=does & ~READ)
    return view.modes[_SHOWN]


def _narrowed(view: ToolView, value: str, meant: int) -> ToolView:
    if not meant:
        return view
    if value not in view.modes:
        if len(view.modes) >= MAX_MODES:
            view.modes.clear()
        view.modes[value] = _in_mode(view, value, meant)
    return view.modes[value]


def _in_mode(view: ToolView, value: str, meant: int) -> ToolView:
    sinks, asked = view.sinks, view.asked
    if not _IN_PLACE.isdisjoint(split(value)[:1]):
        sinks = tuple(path for path in sinks if path not in _WITHIN)
        asked = tuple(msgspec.structs.replace(one, sink=one.sink and one.path not in _WITHIN) for one in asked)
    does = meant | (view.classes & COMMUNICATE if sinks else 0)
    if meant != READ:
        does |= view.classes & (TRANSFER if view.amounts else 0)
    return msgspec.structs.replace(
        view,
        sinks=sinks,
        asked=asked,
        classes=does,
        acting=does & ~READ,
        verbs=acts_of(value, "") or view.verbs,
        called=verbs_named(value) or view.called,
        acts=_acts(does),
        sends=bool(sinks or does & COMMUNICATE),
    )


def _without_keys(said: list[str]) -> list[str]:
    """The words of a name without those by which things are looked up: `get_trains_by_route_and_date` gets trains."""
    return said[: said.index("by")] if "by" in said[2:] else said


def _kinds_of(nouns: list[str], *, known: bool = False) -> frozenset[str]:
    """The kinds that nouns stand for, or those words that the lexicon knows; two may be one: a pull request is no
    request."""
    found: set[str] = set()
    for before, noun, after in zip(["", *nouns], nouns, [*nouns[1:], ""], strict=False):
        if both := compound(noun, after):
            found |= both if known else both | kinds(noun)
        elif not (known and not is_noun(noun)) and not compound(before, noun):
            found |= kinds(noun)
    return frozenset(found)


def _acts(does: int) -> bool:
    return not (does & READ and not does & ~_LOOKING)


def _bare(name: str) -> str:
    """A tool's name without the namespace before it, where what is left says what is done to what."""
    _, _, last = name.replace("__", ".").replace("/", ".").rpartition(".")
    return last if len(split(last)) > 1 else name


def _notes(does: int, nouns: frozenset[str], found: frozenset[str], called: frozenset[str]) -> bool:
    """Whether a tool only keeps the record of work."""
    if does & ~(CREATE | UPDATE | READ) or not does & (CREATE | UPDATE):
        return False
    return not _REMARKS.isdisjoint(nouns) or (not _WORK.isdisjoint(found) and not _CLOSING.isdisjoint(called))


def _identity(path: str) -> bool:
    words = split(path.rpartition(".")[2])
    return len(words) > 1 and words[-1] in ("id", "number", "no", "ref")


def _asked(path: str, must: bool) -> Asked:
    if path.rpartition(".")[2].lower() in _COMPOSED:
        return Asked(path, must, _nested(path), composed=True, embeds=True)
    # what is drawn on is the asker's own
    return Asked(path, must, _nested(path), composed=not _ORIGINS.isdisjoint(split(path)))


def _nested(path: str) -> bool:
    return "." in path or "[]" in path
