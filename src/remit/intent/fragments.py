"""Requests without a verb: "a hall for ninety in May", "we need a van in Ghent", "all fans on, please".

What is named is wanted: something to be booked is booked, something in the calendar is put there. Nothing of this is
sure, and only things of which the goal cannot mean another act are read so. Limits: a few kinds of things; what a
sentence says of a thing with a verb of its own ("the table is booked") asks for nothing.
"""

from collections.abc import Iterator
from itertools import pairwise

from remit.intent.clauses import FINITE
from remit.intent.nouns import CALENDAR
from remit.intent.things import amounts
from remit.intent.tokens import Token
from remit.intent.words import words
from remit.terms import Grant, OperationClass

_C = OperationClass
MAX_QUOTE = 200
MAX_COUNTED = 12  # words of what is only counted
_BROUGHT = {
    "reservation": (_C.CREATE, _C.TRANSFER, _C.UPDATE),
    "event": (_C.COMMUNICATE, _C.CREATE, _C.UPDATE),
    "order": (_C.CREATE, _C.TRANSFER, _C.UPDATE),
}
_ENTRY = frozenset(words("permission password door lock"))  # what lets somebody in
_WRITING: tuple[OperationClass, ...] = (_C.CREATE, _C.UPDATE)
_BOOKED = frozenset(("reservation", "event"))
COUNTED = ("order", "reservation")  # the datatypes of what is only counted
NAMED_ALONE = frozenset((kind,) for kind in _BOOKED)  # the datatypes of the grants that may be sure
_RUNS = frozenset(words("payment payroll salary salaries payments bill bills invoice invoices"))
_RUN = frozenset(words("run round batch"))
_SWITCHED = frozenset(words("on off"))
_WISHING = frozenset(words("need needs want wants like love require"))
_CONDITIONS = frozenset(words("if when whenever unless provided because since as"))
_OF_IT = frozenset(words("for with w/ in on at from to of by about near around next"))
_PLACES = frozenset(
    words(
        """
        place places seat seats ticket tickets person persons people ppl pax adult adults spots kid kids child children
        student students senior seniors concessions covers nights night grown-ups
        """
    )
)


def fragments(tokens: tuple[Token, ...], sentence: str) -> Iterator[Grant]:
    """What a sentence in which no verb asks for anything may ask for all the same."""
    said = _said(tokens)
    if not said or _tells(said):
        return
    wanted = _wanted(said)
    found = {kind for token in wanted for kind in token.kinds}
    if any(token.low in _PLACES and _counted(said, at) for at, token in enumerate(said)):
        found.add("reservation")
    if any(token.low in _ENTERED for token in said):
        found.add("event")
    specified = not sentence.rstrip().endswith("?") and _specified(said)
    for kind, actions in _BROUGHT.items():
        if kind in found:
            sure = specified and kind in _BOOKED
            yield Grant(actions=actions, datatypes=(kind,), sure=sure, quote=sentence[:MAX_QUOTE])
    if _BOOKED.isdisjoint(found):
        yield from _meant_for(said, sentence)
    if found.isdisjoint(_BROUGHT) and any(token.low == "please" for token in said) and (kept := _kinds(said)):
        meant = _WRITING if _ENTRY.isdisjoint(kept) else (_C.ADMINISTER, *_WRITING)
        yield Grant(actions=meant, datatypes=kept, sure=False, quote=sentence[:MAX_QUOTE])
    if not found & _BROUGHT.keys() and _counts(said):
        yield Grant(actions=(_C.CREATE, _C.TRANSFER), datatypes=COUNTED, sure=False, quote=sentence[:MAX_QUOTE])
    lows = [token.low for token in said]
    if any(one in _RUNS and other in _RUN for one, other in pairwise(lows)):
        yield Grant(actions=(_C.CREATE, _C.TRANSFER), datatypes=("payment",), sure=False, quote=sentence[:MAX_QUOTE])
    if any(_switched(said, at) for at in range(1, len(said))):
        yield Grant(actions=(_C.EXECUTE, _C.UPDATE), datatypes=_kinds(said), sure=False, quote=sentence[:MAX_QUOTE])


def _kinds(said: list[Token]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind for token in said for kind in token.kinds))


def _specified(said: list[Token]) -> bool:
    """Whether it says when or how many, or please: then nothing else can be meant than that it is wanted."""
    return any(token.number or token.low in _NUMBERS or token.low in _WHEN for token in said)


def _counts(said: list[Token]) -> bool:
    """Whether so many of something are named and nothing is said of them: "2x the small one", "ten bags"."""
    first = said[0]
    several = first.low in _NUMBERS or first.low.isdigit() or (first.low[:-1].isdigit() and first.low[-1] == "x")
    return several and 1 < len(said) <= MAX_COUNTED and not said[1].mark


def _meant_for(said: list[Token], sentence: str) -> Iterator[Grant]:
    """What is to go to somebody: "the minutes to Kim please", "40 euro to Kim", "Kim needs the minutes"."""
    who = _wisher(said) or _receiver(said)
    if not who:
        return
    paid = amounts(sentence)
    yield Grant(
        actions=(_C.TRANSFER,) if paid else (_C.COMMUNICATE, _C.CREATE),
        datatypes=("payment",) if paid else ("message", *_kinds(said)),
        identifiers=(who,),
        sinks=(who,),
        amounts=paid,
        sure=False,
        quote=sentence[:MAX_QUOTE],
    )


def _wisher(said: list[Token]) -> str:
    """The name of somebody else who wants to have something."""
    for at, token in enumerate(said[:-1]):
        if at and token.low in _WISHING and said[at + 1].low != "to" and said[at - 1].text[:1].isupper():
            return "" if said[at - 1].low in _PRONOUNS else said[at - 1].text
    return ""


def _receiver(said: list[Token]) -> str:
    """The name behind "to", where things stand before it."""
    for at, token in enumerate(said[:-1]):
        if at and token.low == "to" and said[at + 1].text[:1].isupper() and said[at + 1].low not in CALENDAR:
            return said[at + 1].text if any(word.noun or word.number for word in said[:at]) else ""
    return ""


_PRONOUNS = frozenset(words("i we you he she it they who which that this"))
_NUMBERS = frozenset(words("one two three four five six seven eight nine ten"))
_WHEN = CALENDAR | frozenset(words("please today tomorrow tonight noon now weekend"))
_ENTERED = frozenset(words("calendar diary"))
_ARTICLES = frozenset(
    words("the a an my our his her their your monday tuesday wednesday thursday friday saturday sunday")
)


def _counted(said: list[Token], at: int) -> bool:
    return at > 0 and (said[at - 1].number or said[at - 1].low in _NUMBERS)


def _tells(said: list[Token]) -> bool:
    """Whether it says something of the thing, rather than that somebody wants it."""
    if not _WISHING.isdisjoint(token.low for token in said):
        return False
    if said[0].known and not said[0].noun:
        return True  # "work ticket WX-7": an order, whatever it asks for
    return any(
        token.low in FINITE and not (at and said[at - 1].number)
        for at, token in enumerate(said)  # "24 may"
    )


def _switched(said: list[Token], at: int) -> bool:
    """Whether a thing is named and how it should be: "fans on", not "off the list"."""
    before = said[at - 1]
    after = said[at + 1].low if at + 1 < len(said) else ""
    return said[at].low in _SWITCHED and after not in _ARTICLES and not (before.known and not before.noun)


def _said(tokens: tuple[Token, ...]) -> list[Token]:
    """The words before any condition, reason or explanation."""
    said: list[Token] = []
    explains = 0  # where what stands behind a mark begins
    for token in tokens:
        if token.low in _CONDITIONS or (explains and token.low in FINITE and token.low not in _WISHING):
            break
        if token.mark:
            explains = len(said)
        else:
            said.append(token)
    else:
        return said
    return said[:explains] or said


def _wanted(said: list[Token]) -> list[Token]:
    """The words for the thing itself: before what is said of it ("brunch | with the auditors"), behind a wish."""
    start = next((at + 1 for at, token in enumerate(said) if token.low in _WISHING), 0)
    end = next((at for at in range(start + 1, len(said)) if said[at].low in _OF_IT), len(said))
    return said[start:end]
