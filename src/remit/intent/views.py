"""Goals and tools prepared for comparison, so that judging a call costs a few look-ups.

A view is a pure function of what it shows; it is kept in a bounded table. What is compared: classes, kinds of
things, named items as keys (`values`), and the places that the goal defers to.
"""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from remit.catalogue.lexicon import verb_classes
from remit.catalogue.words import singular, split
from remit.intent.lexicon import ENGLISH, is_noun, kinds, licenses
from remit.intent.values import dates, fold, grouped, keys_of, shape, significant, squeeze, without_separators
from remit.intent.words import words
from remit.terms import Authority, Grant, OperationClass, Tool

_C = OperationClass
# What a licence for one class also covers on the same kind of thing: interfaces cut the world differently than people.
_RELATED: dict[OperationClass, frozenset[OperationClass]] = {
    _C.READ: frozenset(),
    _C.CREATE: frozenset((_C.UPDATE,)),
    _C.UPDATE: frozenset((_C.CREATE,)),
    _C.DELETE: frozenset((_C.UPDATE,)),
    _C.TRANSFER: frozenset((_C.CREATE, _C.UPDATE)),
    _C.COMMUNICATE: frozenset((_C.CREATE,)),
    _C.EXECUTE: frozenset((_C.UPDATE, _C.CREATE)),
    _C.ADMINISTER: frozenset((_C.UPDATE, _C.CREATE, _C.DELETE)),
}
_LOOKING = frozenset((_C.READ, _C.COMMUNICATE))  # a read from a place that it names also tells that place
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


_EDGES = ".,:;!?()'\""


class GrantView(msgspec.Struct, frozen=True, gc=False):
    """One grant, ready to be compared."""

    classes: frozenset[OperationClass]
    related: frozenset[OperationClass]
    kinds: frozenset[str]
    names: frozenset[str]
    sinks: frozenset[str]
    shapes: frozenset[str]  # of its sinks
    sources: frozenset[str]
    source_kinds: frozenset[str]
    handed: bool  # hands the task over to its sources
    sure: bool


class GoalView(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A goal and its authority, ready to be compared."""

    grants: tuple[GrantView, ...]
    keys: frozenset[str]
    squeezed: str
    names: frozenset[str]  # what the goal names, as keys
    kinds: frozenset[str]
    about: frozenset[str]  # kinds of what the goal refers to: no means ("by mail"), nothing it brings about ("a mail")
    classes: frozenset[OperationClass]  # that any grant speaks of
    acts: bool  # whether anything but reading is licensed
    sure: bool
    sources: frozenset[str]
    source_kinds: frozenset[str]
    handed: bool
    known: dict[str, frozenset[str]]  # values found to come from the goal, with their keys; at most `MAX_KNOWN`


class ToolView(msgspec.Struct, frozen=True, gc=False):
    """A tool, ready to be compared."""

    classes: frozenset[OperationClass]
    acts: bool  # does more than look something up
    kinds: frozenset[str]
    about: frozenset[str]  # kinds of what its results speak of, by its name and its description
    words: frozenset[str]


def keys(text: str) -> frozenset[str]:
    """All keys of a text."""
    lowered = without_separators(fold(text).lower())
    found = set(keys_of(lowered))
    found.update(key for _, key in grouped(lowered))
    found.update(key for _, key in dates(lowered))
    return frozenset(found)


def _names(items: Iterable[str], least: int = 3) -> frozenset[str]:
    return frozenset(
        key
        for item in items
        for key in keys_of(fold(item).lower())
        if (significant(key) or (len(key) == least and key.isalpha())) and key not in ENGLISH.stop
    )


def _is_kind(source: str) -> bool:
    """Whether a source is named by its kind ("the notice") and not by a name."""
    return source.islower() and source.isalpha() and is_noun(source)


def grant_view(grant: Grant) -> GrantView:
    classes = frozenset(grant.actions)
    related = frozenset().union(*(_RELATED[action] for action in classes)) if classes else frozenset()
    sources = _names((s for s in grant.sources if not _is_kind(s)), least=2)
    return GrantView(
        classes=classes,
        related=related - classes,
        kinds=frozenset(grant.datatypes),
        names=_names(grant.identifiers),
        sinks=_names(grant.sinks),
        shapes=frozenset(map(shape, grant.sinks)) - {"path"},
        sources=sources,
        source_kinds=frozenset(k for s in grant.sources if _is_kind(s) for k in kinds(s)),
        handed=bool(grant.sources) and len(classes) >= len(OperationClass) - 1,
        sure=grant.sure,
    )


_VIEWS: dict[tuple[str, str], GoalView] = {}
MAX_KNOWN = 512
MAX_VIEWS = 1024  # missions that act at the same time, roughly; a view is made again in a millisecond


def goal_view(authority: Authority, goal: str) -> GoalView:
    """The view of a goal; kept, because a mission's calls all ask for it."""
    view = _VIEWS.get((authority.hash, goal))
    if view is None:
        if len(_VIEWS) >= MAX_VIEWS:
            _VIEWS.clear()
        view = _VIEWS[authority.hash, goal] = _make(authority, goal)
    return view


def _make(authority: Authority, goal: str) -> GoalView:
    grants = tuple(grant_view(grant) for grant in authority.grants)
    lowered = fold(goal).lower()
    words = frozenset(
        kind for word in lowered.split() if (bare := word.strip(_EDGES)).isalpha() for kind in kinds(bare)
    )
    return GoalView(
        grants=grants,
        keys=keys(goal),
        squeezed=squeeze(lowered),
        names=frozenset().union(*(grant.names for grant in grants)) if grants else frozenset(),
        kinds=words - ENGLISH.stop,
        about=_about(lowered) - ENGLISH.stop,
        classes=frozenset().union(*(grant.classes for grant in grants)) if grants else frozenset(),
        acts=any(grant.classes - {_C.READ} for grant in grants),
        sure=any(grant.sure for grant in grants),
        sources=frozenset().union(*(grant.sources for grant in grants)) if grants else frozenset(),
        source_kinds=frozenset().union(*(grant.source_kinds for grant in grants)) if grants else frozenset(),
        handed=any(grant.handed for grant in grants),
        known={},
    )


_MEANS = frozenset(words("by via per through over using a an"))
_ORDERS = frozenset(words("to and then please also or")) | {""}


def _about(lowered: str) -> frozenset[str]:
    found: set[str] = set()
    prior = ""
    for word in lowered.split():
        bare = word.strip(_EDGES)
        if bare.replace("-", "").isalpha():
            some = kinds(bare)
            if "message" not in some or not (prior in _MEANS or (prior in _ORDERS and licenses(bare))):
                found |= some
        prior = "" if word[-1] in ".!?:;" else bare
    return frozenset(found)


@lru_cache(maxsize=8192)
def _tool_view(name: str, description: str, classes: tuple[OperationClass, ...]) -> ToolView:
    words = [word for word in split(name) if word not in _EMPTY and len(word) > 1]
    nouns = [word for i, word in enumerate(words) if i > 0 or not verb_classes(word) or len(words) == 1]
    found = frozenset(kind for noun in nouns for kind in kinds(noun))
    said = [word.strip(_EDGES) for word in description[:200].lower().split(". ")[0].split()]
    told = frozenset(kind for word in said if is_noun(word) for kind in kinds(word))
    if not found & _known(nouns):  # the name says nothing of what it works on: its description may
        found |= told
    return ToolView(
        classes=frozenset(classes),
        acts=not (_C.READ in classes and _LOOKING.issuperset(classes)),
        kinds=found,
        about=found | told,
        words=frozenset(singular(word) for word in words),
    )


def _known(nouns: list[str]) -> frozenset[str]:
    return frozenset(kind for noun in nouns if is_noun(noun) for kind in kinds(noun))


def tool_view(tool: Tool) -> ToolView:
    return _tool_view(tool.name, tool.description, tool.classes)
