"""Tools prepared for comparison, so that judging a call costs a few look-ups.

A view is a pure function of the definition that it shows. It says what the tool does and works on, and which of a
call's arguments are asked about, and how: a sink or target must come from somewhere, an amount may be computed, what
the agent composes counts only where an instruction shows in it.
"""

from functools import lru_cache

import msgspec

from remit.catalogue.lexicon import verb_classes
from remit.catalogue.words import singular, split
from remit.intent.classes import COMMUNICATE, READ, bits
from remit.intent.lexicon import is_noun, kinds
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
MAX_DESCRIPTION = 200  # characters of a description that tell what a tool works on
MAX_VIEWS = 2048  # tools whose view is found without reading them again


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One argument with a role."""

    path: str
    must: bool  # come from somewhere; an amount may be computed
    nested: bool  # not an argument itself, but inside one
    sink: bool = False
    composed: bool = False  # by the agent, or drawn on: counts only where an instruction shows in it
    embeds: bool = False  # free text: what it embeds is asked about


class ToolView(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A tool, ready to be compared."""

    classes: int  # as bits
    acting: int  # the same without reading
    acts: bool  # does more than look something up
    sends: bool  # to somewhere
    kinds: frozenset[str]
    about: frozenset[str]  # kinds of what its results speak of, by its name and its description
    own: bool  # tells the asker's own facts
    tells_secrets: bool
    sinks: tuple[str, ...]
    asked: tuple[Asked, ...]  # sinks, then targets and amounts
    roles: frozenset[str]  # arguments that these name
    content: frozenset[str]  # arguments that are free text


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
    )
    if tool.definition_hash:  # an unregistered one is made anew for each call
        if len(_SEEN) >= MAX_VIEWS:
            _SEEN.clear()
        _SEEN[id(tool)] = (tool, view)  # held, so that the identity stays its own
    return view


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
) -> ToolView:
    words = [word for word in split(name) if word not in _EMPTY and len(word) > 1]
    nouns = [word for i, word in enumerate(words) if i > 0 or not verb_classes(word) or len(words) == 1]
    found = frozenset(kind for noun in nouns for kind in kinds(noun))
    said = [word.strip(_EDGES) for word in description.lower().split(". ")[0].split()]
    told = frozenset(kind for word in said if is_noun(word) for kind in kinds(word))
    if not any(map(is_noun, nouns)):  # the name says nothing of what it works on: its description may
        found |= told
    does = bits(classes)
    asked = [path for path in dict.fromkeys((*targets, *amounts)) if path not in sinks]
    return ToolView(
        classes=does,
        acting=does & ~READ,
        acts=not (does & READ and not does & ~_LOOKING),
        sends=bool(sinks or does & COMMUNICATE),
        kinds=found,
        about=found | told,
        own=not _OWN.isdisjoint(map(singular, words)),
        tells_secrets="password" in found,
        sinks=tuple(dict.fromkeys(sinks)),
        asked=(
            *(Asked(path, True, _nested(path), sink=True) for path in dict.fromkeys(sinks)),
            *(_asked(path, path not in amounts) for path in asked),
        ),
        roles=frozenset((*sinks, *targets, *amounts)),
        content=frozenset(content),
    )


def _asked(path: str, must: bool) -> Asked:
    if path.rpartition(".")[2].lower() in _COMPOSED:
        return Asked(path, must, _nested(path), composed=True, embeds=True)
    # what is drawn on is the asker's own
    return Asked(path, must, _nested(path), composed=not _ORIGINS.isdisjoint(split(path)))


def _nested(path: str) -> bool:
    return "." in path or "[]" in path
