"""What a call carries of what the goal says, as far as its act alone does not decide.

That a goal may mean an act says little: the same act on another thing, in another room, at another restaurant is not
what anybody asked for. So the arguments that matter are looked at, word by word. One that says nothing but what the
goal says speaks for the call; one in words that neither the goal nor anything that was read has speaks against it. A
code that nobody knows does neither: a system may have told it elsewhere. Limits: words are compared as they are
written, so that a synonym of what the goal says counts as another word.
"""

import re
from functools import lru_cache

import msgspec

from remit.catalogue.words import singular, split
from remit.intent.classes import HIGH
from remit.intent.codes import VERSION, code_sorts, form, is_version
from remit.intent.grounding import NONE, NOWHERE, REFERENCED, Case
from remit.intent.lookups import Word, computed, value_of
from remit.intent.nouns import kinds
from remit.intent.values import at, leaves, shape
from remit.intent.views import GoalView, GrantView
from remit.intent.words import words

OUTSIDE, UNSURE, WITHIN = 1, 2, 3
_DIGIT = re.compile(r"\d")
MAX_VALUES = 16  # of one call
MAX_JOINED = 64  # characters of a joined name that is searched
_VERSIONED = frozenset(words("version release tag ref image target"))
_BACK = frozenset(words("back rollback revert restore downgrade undo previous last earlier before from"))
LEAST_INSIDE = 4  # letters of a word that shows in a joined name
# Arguments that say how something is to be, in words that the system has for it: they select nothing.
_SETTINGS = frozenset(
    words(
        """
        kind type status state stage mode priority level category class format reason visibility severity language
        unit currency method label color colour phase outcome resolution scope action operation event
        """
    )
)


class Carried(msgspec.Struct, gc=False):
    """How many of a call's values are, by their words, wholly the goal's, partly, or not at all."""

    wholly: int = 0
    partly: int = 0
    foreign: int = 0  # words of which the goal has none
    codes: int = 0  # the same, with figures, or a path: the agent chooses where it works
    read: int = 0  # of which the goal has none, but something that was read


def weighed(case: Case, licence: int, grant: GrantView | None, rank: int) -> int:
    """A licence, raised or lowered by what the call carries; `rank` is where the worst of it comes from."""
    handed = case.view.handed  # who it is handed to says what it is about
    if licence < UNSURE:
        return licence
    if case.view.codes and (_another(case, handed, rank) or _other_version(case)):
        return OUTSIDE
    if handed:
        return licence
    found: Carried | None = None
    if rank == NOWHERE:
        found = carried(case)
        if found.foreign and not (found.partly or found.read):
            return UNSURE if found.wholly or licence == WITHIN else OUTSIDE
    if licence == UNSURE and grant is not None and grant.sure and case.tview.acting & grant.classes & ~HIGH:
        found = found or carried(case)
        if found.wholly and not (found.foreign or found.codes or found.read):
            return WITHIN
    return licence


def _another(case: Case, handed: bool, rank: int) -> bool:
    """Whether the call is about another item of a sort of which the goal names one by its code: INV-7 for INV-8.

    One that was read of is another where the goal means those that it names alone; one that nobody wrote of always is,
    unless it may have fallen out of memory."""
    view, memory, another = case.view, case.memory, False
    invented = not (handed or memory.gaps or memory.overflowed)
    read = view.only and (rank >= REFERENCED or rank == NONE)
    for asked in case.tview.asked if invented or read else ():
        if asked.composed:
            continue
        value = at(case.arguments, asked.path) if asked.nested else case.arguments.get(asked.path)
        for text in (value,) if type(value) is str else leaves(value, MAX_VALUES):
            if len(text) > MAX_JOINED or not _DIGIT.search(text):
                continue
            lowered = text.lower().lstrip("#")
            sorts = code_sorts(lowered, case.tview.kinds) if lowered.isdigit() else (form(lowered),)
            for sort in sorts:
                if lowered in view.keys:
                    return False
                if sort in view.codes:
                    another = another or (read if memory.seen(lowered) else invented)
    return another


def _other_version(case: Case) -> bool:
    """Whether the goal gives the version, and the call another one; what came before it is the way back."""
    view = case.view
    if VERSION not in view.codes or not view.keys.isdisjoint(_BACK):
        return False
    return any(
        type(value) is str
        and is_version(said := value.lower().removeprefix("v"))
        and not _VERSIONED.isdisjoint(split(name))
        and said not in view.codes[VERSION]
        for name, value in case.arguments.items()
    )


def carried(case: Case) -> Carried:
    """What the arguments that matter say of what the goal says."""
    found = Carried()
    for asked in case.tview.asked:
        if asked.composed or _is_setting(asked.path):
            continue
        for text in leaves(at(case.arguments, asked.path), MAX_VALUES):
            value = value_of(text)
            known = [_known(word, case.view) for word in value.words]
            if not known:
                continue
            if all(known):
                found.wholly += 1
            elif any(known):
                found.partly += 1
            elif computed(text):
                continue
            elif any(case.memory.seen(key) for word in value.words for key in word[:1]):
                found.read += 1
            elif any(map(str.isdigit, value.lowered)) or shape(value.lowered) == "path":
                found.codes += 1
            else:
                found.foreign += 1
    return found


@lru_cache(maxsize=2048)
def _is_setting(path: str) -> bool:
    return not _SETTINGS.isdisjoint(split(path)[-1:])


def _known(word: Word, view: GoalView) -> bool:
    for key in word:
        if key in view.keys or singular(key) in view.stems:
            return True
        if key.isalpha() and not kinds(key).isdisjoint(view.kinds):
            return True
    # an address says whom it belongs to in one word: "office@thornagency.example"
    return (
        "@" in word[0]
        and len(word[0]) <= MAX_JOINED
        and any(len(stem) >= LEAST_INSIDE and stem in word[0] and stem.isalpha() for stem in view.stems)
    )
