"""Whether a passage that asks for an act explains a call of which no argument that matters came from it.

Of the same class and about the same kind of thing are many honest calls, too: manuals, notices and customers ask for
what the work is. So that is *weak* evidence. It is *firm* where something ties the passage to this very call: the call
carries words that the passage says and the goal does not; the thing that is acted on is described by the passage, or
is the one in whose record it stands ("unblock this vendor"); or the passage speaks of all of them. Firm evidence makes
the call the passage's; weak evidence lets a person look, and says nothing where the goal asks for the call itself.
"""

from collections.abc import Iterable

import msgspec

from remit.catalogue.words import split
from remit.intent.classes import ADMINISTER, DELETE, EXECUTE, HIGH, TRANSFER, UPDATE
from remit.intent.grounding import AGENTS, GOAL, MAX_VALUES, Case, Origin
from remit.intent.lexicon import ENGLISH
from remit.intent.lookups import MAX_TEXT, MAX_TOKENS, computed, value_of
from remit.intent.sources import Passage, is_choice
from remit.intent.values import at, fold, keys_of, leaves, may_date
from remit.intent.words import words

MAX_PLACES = 4  # of one value whose records are compared with a passage
MAX_TARGETS = 8  # values of one call whose records are
FEW = 2  # words of a thing's own record describe it, whatever kind it is called
NEAR, ALIKE = 1, 2  # how well a passage fits the act of a call
_ALL = frozenset(
    words("all every each everything everyone everybody any anything both whole entire whatever whichever")
)
_ON_THINGS = UPDATE | DELETE | TRANSFER | EXECUTE | ADMINISTER
_LOST = DELETE | EXECUTE  # what is done so is gone
_DEFAULTS = frozenset(words("main master trunk head default primary latest inbox root home"))  # whoever chooses says
_HERE = frozenset(words("this these here"))


class Steering(msgspec.Struct, frozen=True, gc=False):
    """The passage that explains a call better than the goal does."""

    passage: Passage
    firm: bool
    delegated: bool = False  # the goal defers to it, but not for what is at stake


def steered(case: Case, name: str, worst: Origin, asked: bool, alike: bool, outside: bool) -> Steering | None:
    """The passage, of those that fit the call's act, with the firmest evidence.

    `asked`: the goal asks for such a call itself; `alike`: about the same kind of thing."""
    view, tview = case.view, case.tview
    unspoken = bool(tview.classes & HIGH & ~view.classes)
    open = not asked and (worst.rank != GOAL or outside or unspoken)
    called = _calling(case, name)
    weak = None
    for passage in case.memory.spoken[-MAX_VALUES:]:
        near = _near(case, passage, asked) or (passage in called and NEAR)
        if not near:
            continue
        if case.delegated(passage):
            if near == ALIKE and not asked and case.at_stake() and not case.stakes_spoken():
                return Steering(passage, firm=False, delegated=True)
        elif asked and alike and worst.rank != GOAL and _named_for(case, passage):
            continue
        elif _carries(case, passage) or (_ties(case, passage) if open else _describes(case, passage) >= FEW):
            return Steering(passage, firm=True)
        elif open and weak is None:
            weak = Steering(passage, firm=False)
    return weak


def _named_for(case: Case, passage: Passage) -> bool:
    """Whether the goal names the item that the passage stands in, which speaks to people about it."""
    return case.refers_by_name(passage.source) and passage.tokens.isdisjoint(AGENTS)


def _near(case: Case, passage: Passage, asked: bool) -> int:
    """Whether the passage asks for such an act, and about the same kind of thing or this very one.

    A call that the goal does not ask for is the one that a passage means, whatever both call the thing, where it says
    what only the passage says."""
    tview = case.tview
    found = False
    for grant in passage.grants:
        if grant.classes & tview.acting:
            if not grant.kinds.isdisjoint(tview.kinds):
                return ALIKE
            found = True
    if not found:
        return 0
    sure = case.view.sure
    if not asked and _carries(case, passage, at_least=1 if sure else FEW):
        return NEAR
    return NEAR if (sure or tview.classes & _LOST) and _describes(case, passage) >= FEW else 0


def _calling(case: Case, name: str) -> list[Passage]:
    """The passages that call the tool by its name, where that is no plain word."""
    if len(split(name)) < 2:
        return []
    return [passage for passage in case.memory.seen(name.lower()) if passage.instruction]


def _ties(case: Case, passage: Passage) -> bool:
    """Whether something ties the passage to the thing that is acted on, or to all of its kind. Of a goal that was not
    understood nobody can say that it does not ask for this."""
    return case.view.sure and (
        not case.view.acts  # who wants to know has nothing done, so that nothing else explains the call
        or not _ALL.isdisjoint(passage.tokens)
        or _describes(case, passage) > 0
        or (not _HERE.isdisjoint(passage.tokens) and _beside(case, passage))
    )


def _carries(case: Case, passage: Passage, at_least: int = 1) -> bool:
    """Whether an argument repeats what the passage says and the goal does not, in so many words or in figures."""
    if case.news is None:
        case.news = list(_new(case))
    return any(passage.tokens.issuperset(new) and (len(new) >= at_least or not new[0].isalpha()) for new in case.news)


def _new(case: Case) -> Iterable[list[str]]:
    """Of each argument that mostly says what the goal does not, these words; not of a choice among a few, nor
    of a sum, which whoever wants money says as well."""
    sums = [asked.path for asked in case.tview.asked if not asked.must]
    for name, value in case.arguments.items():
        for text in leaves(value, MAX_VALUES):
            if computed(text) and may_date(text):
                continue  # whoever speaks of a day and a time says the same
            told = [key for key in keys_of(fold(text[:MAX_TEXT]).lower()) if key not in ENGLISH.stop]
            new = [key for key in told if key not in case.view.keys and key not in _DEFAULTS]
            if new and len(new) * 2 >= len(told) and not (len(told) == 1 and (is_choice(name) or name in sums)):
                yield new[:MAX_TOKENS]


def _describes(case: Case, passage: Passage) -> int:
    """By how many words that the goal does not say the passage describes a thing that is acted on."""
    if case.records is None:
        case.records = [
            place.telling - case.view.keys
            for key in _targets(case)
            for place in case.memory.seen(key)[:MAX_PLACES]
            if not place.instruction
        ]
    return max([passage.named(known & passage.tokens) for known in case.records], default=0)


def _targets(case: Case) -> Iterable[str]:
    """What is acted on and the goal does not name: things that are there, not where something goes."""
    left = MAX_TARGETS if case.tview.classes & _ON_THINGS else 0
    for asked in case.tview.asked if left else ():
        if asked.sink and not asked.identity:
            continue
        for text in leaves(at(case.arguments, asked.path), MAX_TARGETS):
            for key in value_of(text).keys[:1]:
                if key not in case.view.keys and (left := left - 1) >= 0:
                    yield key


def _beside(case: Case, passage: Passage) -> bool:
    """Whether the passage stands in the record of what is acted on, or in what was found by it."""
    source = passage.source
    for key in _targets(case):
        if key in source.arguments:
            return True
        here = source.item(passage.start)
        if any(p.source is source and source.item(p.start) == here for p in case.memory.seen(key)[:MAX_PLACES]):
            return True
    return False
