"""Goals prepared for comparison, so that judging a call costs a few look-ups.

A view is a pure function of the authority and the goal that it shows; it is kept in a bounded table. What is
compared: classes (as bits), kinds of things, named items as keys (`values`), and the places that the goal defers to.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from remit.catalogue.words import singular
from remit.intent import classes
from remit.intent.classes import bits
from remit.intent.codes import codes
from remit.intent.kept import EMPTYING, kept
from remit.intent.lexicon import ENGLISH, GOING_ON, RECURRING, base, licenses, opposed
from remit.intent.nouns import is_noun, kinds
from remit.intent.stated import quantities
from remit.intent.tools import ToolView
from remit.intent.values import (
    COMMON,
    dates,
    fold,
    grouped,
    key_set,
    keys_of,
    may_date,
    shape,
    significant,
    squeeze,
    tokens,
    without_separators,
)
from remit.intent.words import words
from remit.terms import Authority, Grant

# What a licence for one class also covers on the same kind of thing: interfaces cut the world differently than people.
_RELATED = (
    (classes.CREATE, classes.UPDATE),
    (classes.UPDATE, classes.CREATE),
    (classes.DELETE, classes.UPDATE),
    (classes.TRANSFER, classes.CREATE | classes.UPDATE),
    (classes.COMMUNICATE, classes.CREATE),
    (classes.EXECUTE, classes.UPDATE | classes.CREATE),
    (classes.ADMINISTER, classes.UPDATE | classes.CREATE | classes.DELETE),
)
_EDGES = ".,:;!?()'\""
MAX_WORD = 64  # characters of a word that the lexicon is asked about
_ANSWERING = frozenset(words("answer reply respond thank confirm acknowledge"))
# Who says so means more things than those that are named.
_MORE = frozenset(
    words(
        """
        all every each any both twice double doubled rest remaining duplicate duplicates related linked similar like
        series range through
        to until following depending children items them those
        """
    )
)
_NUMBERED = re.compile(r"#(\d{1,9})\b")
MAX_SAID = 4_000  # characters of a goal whose codes are told apart
MIN_ODD = 3  # characters of a name by which a record is found
MIN_OWNER = 2  # the same of one that owns something: "Al's trip"


class GrantView(msgspec.Struct, frozen=True, gc=False):
    """One grant, ready to be compared."""

    classes: int  # as bits
    related: int
    verbs: frozenset[str]
    kinds: frozenset[str]
    things: bool  # whether the lexicon knows one of the kinds
    names: frozenset[str]
    sinks: frozenset[str]
    shapes: frozenset[str]  # of its sinks
    sources: frozenset[str]
    source_kinds: frozenset[str]
    handed: bool  # hands the task over to its sources
    sure: bool


Licence = tuple[int, GrantView | None]  # how well something is licensed, and by which grant


class GoalView(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A goal and its authority, ready to be compared."""

    grants: tuple[GrantView, ...]
    verbs: frozenset[str]
    stated: Mapping[str, frozenset[float]]  # exact quantities, by unit
    recurring: bool  # whether it asks for something that goes on
    opposed: frozenset[str]  # verbs for the contrary of what is asked
    forbidden: tuple[GrantView, ...]
    keys: frozenset[str]
    stems: frozenset[str]  # the same, words in the singular
    codes: Mapping[str, frozenset[str]]  # by which it names items, by their sort
    numbered: frozenset[str]  # the numbers that it writes as those of things: "#63"
    squeezed: str
    names: frozenset[str]  # what the goal names, as keys
    only: bool  # means the items that it names, and no others
    kinds: frozenset[str]
    answers: bool  # whether it has somebody answered, and does not say who
    odd: frozenset[str]  # words that the lexicon does not know: names of people and things, whatever their case
    about: frozenset[str]  # kinds of what the goal refers to: no means ("by mail"), nothing it brings about ("a mail")
    classes: int  # that any grant speaks of, as bits
    acts: bool  # whether anything but reading is licensed
    sure: bool
    sources: frozenset[str]
    source_kinds: frozenset[str]
    handed: bool
    licences: dict[ToolView, Licence | None]  # None where it depends on the call; filled and bounded by `licence`


def keys(text: str) -> frozenset[str]:
    """All keys of a text."""
    return _keys(fold(text).lower())


def _keys(lowered: str) -> frozenset[str]:
    lowered = without_separators(lowered)
    found = key_set(tokens(lowered))
    found.update(key for _, key in grouped(lowered))
    if may_date(lowered):
        found.update(key for _, key in dates(lowered))
    return frozenset(found)


def _names(items: Iterable[str], least: int = 3) -> frozenset[str]:
    return frozenset().union(*[(_name if len(item) <= MAX_WORD else _named)(item, least) for item in items])


def _named(item: str, least: int) -> frozenset[str]:
    return frozenset(
        [
            key
            for key in keys_of(fold(item).lower())
            if (significant(key) or (len(key) == least and key.isalpha())) and key not in ENGLISH.stop
        ]
    )


_name = kept(4096)(_named)


def _is_kind(source: str) -> bool:
    """Whether a source is named by its kind ("the notice") and not by a name."""
    return source.islower() and source.isalpha() and is_noun(source)


def grant_view(grant: Grant) -> GrantView:
    """One grant, ready to be compared."""
    licensed = bits(grant.actions)
    said = frozenset(k for s in grant.sources if _is_kind(s) for k in kinds(s))
    return GrantView(
        classes=licensed,
        related=_related(licensed),
        verbs=frozenset(grant.verbs),
        kinds=frozenset(grant.datatypes),
        things=any(map(is_noun, set(grant.datatypes) - said)),
        names=_names(grant.identifiers),
        sinks=_names(grant.sinks),
        shapes=frozenset(map(shape, grant.sinks)) - {"path"},
        sources=_names((s for s in grant.sources if not _is_kind(s)), least=2),
        source_kinds=said,
        handed=bool(grant.sources) and licensed.bit_count() >= classes.EVERY.bit_count() - 1,
        sure=grant.sure,
    )


def _related(licensed: int) -> int:
    found = 0
    for one, others in _RELATED:
        if licensed & one:
            found |= others
    return found & ~licensed


_VIEWS: dict[tuple[str, str], GoalView] = {}
EMPTYING.append(_VIEWS.clear)
MAX_VIEWS = 16_384  # missions that act at the same time, roughly; a view is made again in a millisecond


def goal_view(authority: Authority, goal: str) -> GoalView:
    """The view of a goal; kept, because a mission's calls all ask for it."""
    view = _VIEWS.get((authority.hash, goal))
    if view is None:
        if len(_VIEWS) >= MAX_VIEWS:
            del _VIEWS[next(iter(_VIEWS))]  # the oldest: those that act may all be in use
        view = _VIEWS[authority.hash, goal] = _make(authority, goal)
    return view


def _make(authority: Authority, goal: str) -> GoalView:
    grants = tuple(grant_view(grant) for grant in authority.grants if not grant.forbids)
    asked = _all(grant.verbs for grant in grants)
    forbidden = tuple(
        grant_view(grant) for grant in authority.grants if grant.forbids and asked.isdisjoint(grant.verbs)
    )  # "don't book the early one, book the late one": booked is booked
    lowered = fold(goal).lower()
    speaks, about = _subjects(lowered)
    licensed = 0
    for grant in grants:
        licensed |= grant.classes
    keys, names = _keys(lowered), _all(grant.names for grant in grants)
    return GoalView(
        grants=grants,
        verbs=asked,
        stated=quantities(lowered),
        recurring=not RECURRING.isdisjoint(map(_stripped, lowered.split()))
        or any(said in lowered for said in GOING_ON),
        opposed=_all(map(opposed, asked)),
        forbidden=forbidden,
        keys=keys,
        stems=frozenset(map(singular, keys)),
        codes=codes(lowered[:MAX_SAID]),
        numbered=frozenset(_NUMBERED.findall(lowered[:MAX_SAID])),
        squeezed=squeeze(lowered),
        names=names,
        only=keys.isdisjoint(_MORE),
        answers=any(not grant.sinks and not _ANSWERING.isdisjoint(grant.verbs) for grant in grants),
        odd=_odd(lowered),
        kinds=speaks - ENGLISH.stop,
        about=about - ENGLISH.stop,
        classes=licensed,
        acts=bool(licensed & classes.ACTING),
        sure=any(grant.sure for grant in grants),
        sources=_all(grant.sources for grant in grants),
        source_kinds=_all(grant.source_kinds for grant in grants),
        handed=any(grant.handed for grant in grants),
        licences={},
    )


def _stripped(word: str) -> str:
    return word.strip(_EDGES)


def _odd(lowered: str) -> frozenset[str]:
    found = {_bare_name(word) for word in set(lowered.split()) if len(word) <= MAX_WORD} - {""}
    return frozenset(found | {word[:-1] for word in found if word.endswith("s") and len(word) > MIN_ODD})


@kept(8192)
def _bare_name(word: str) -> str:
    """A word that may be a name; "" for one that is known, or is none."""
    written = word.strip(_EDGES)
    bare = written.removesuffix("'s").removesuffix("’s")
    least = MIN_ODD if bare == written else MIN_OWNER
    known = bare in ENGLISH.stop or bare in COMMON or is_noun(bare) or licenses(bare) or base(bare)
    return bare if len(bare) >= least and bare.isalpha() and not known else ""


def _all(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


_MEANS = frozenset(words("by via per through over using a an"))
_ORDERS = frozenset(words("to and then please also or")) | {""}


class _Said(msgspec.Struct, frozen=True, gc=False):
    """One word of a goal."""

    bare: str
    kinds: frozenset[str] = frozenset()
    whole: bool = True  # no compound
    message: bool = False
    asks: bool = False
    ends: bool = False  # a sentence or clause


@kept(8192)
def _said(word: str) -> _Said:
    bare = word.strip(_EDGES)
    ends = word[-1] in ".!?:;"
    if not bare.replace("-", "").isalpha():
        return _Said(bare, ends=ends)
    some = kinds(bare)
    return _Said(bare, some, bare.isalpha(), "message" in some, bool(licenses(bare)), ends)


def _subjects(lowered: str) -> tuple[frozenset[str], frozenset[str]]:
    """The kinds of things that a goal speaks of, and without those that are only its means ("by mail")."""
    spoken: set[str] = set()
    about: set[str] = set()
    messages = False
    text = lowered.split()
    known = {word: _said(word) for word in set(text) if len(word) <= MAX_WORD}
    for said in known.values():
        if said.whole:
            spoken |= said.kinds
        if said.message:
            messages = True
        else:
            about |= said.kinds
    for before, word in zip(["", *text], text, strict=False) if messages else ():
        if word in known and known[word].message:
            said, earlier = known[word], known.get(before)
            prior = "" if earlier is None or earlier.ends else earlier.bare
            if not (prior in _MEANS or (said.asks and prior in _ORDERS)):
                about |= said.kinds
    return frozenset(spoken), frozenset(about)
