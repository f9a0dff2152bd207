"""What a verb also asks for because of what it is said of: a payment that is scheduled moves money, a laptop that is
fixed has things run on it, a meeting that is pushed to Friday is another meeting in the calendar.

The verb alone does not say so ("schedule the visit"), and neither does the thing alone ("show me the payment").
"""

import re
from itertools import islice, pairwise

from remit.intent.nouns import CALENDAR, is_noun
from remit.intent.tokens import Token
from remit.intent.words import words
from remit.terms import OperationClass

_C = OperationClass
NEAR = 5  # words behind a verb among which its object stands
# What is a movement of money by its name, and what may be done to bring one about or to change it.
_MOVEMENTS = frozenset(words("payment payments transfer transfers payout payouts instalment instalments installment"))
_COMPOUND = frozenset((("standing", "order"), ("standing", "orders"), ("direct", "debit"), ("direct", "debits")))
_SETTLING = frozenset(
    words(
        """
        make schedule create arrange set put place enter execute prepare release process initiate
        """
    )
)
_ALTERING = frozenset(words("adjust change modify increase decrease raise lower reduce set create update"))
_SHIFTED = frozenset(words("move put shift push stash tuck stow bank set"))
_POTS = frozenset(words("account accounts reserve reserves savings pot pots wallet checking acct current isa vault"))
_SAVINGS = frozenset(words("savings pot pots isa"))
_RELEASING = frozenset(words("ship push promote release roll bring cut deploy"))
_LIVE = frozenset(words("production prod staging live preprod canary"))  # where what is released runs
_VERSION = re.compile(r"v?\d{1,4}\.\d{1,4}(?:\.\d{1,4}){0,2}(?:-\w{1,12})?")
_REPAIRING = frozenset(words("fix repair troubleshoot clean debug tidy update upgrade restart"))
_ADMITS = frozenset((_C.ADMINISTER, _C.COMMUNICATE))
_FACTS = frozenset(words("address surname phone mobile plate postcode birthday"))  # in somebody's record
_MOVED = frozenset(words("move push shift bump bring pull reschedule postpone"))
_ASIDE = frozenset(words("aside away"))
_INTO = frozenset(words("in into to from on"))
_ONTO = frozenset(words("to till until on forward back"))
_DAYS = frozenset(words("tomorrow today tonight noon morning afternoon evening week day days hour hours later earlier"))


def widened(
    verb: str, actions: frozenset[OperationClass], span: tuple[Token, ...], at: int, datatypes: list[str], priced: bool
) -> tuple[frozenset[OperationClass], list[str]]:
    """The classes and kinds of a grant, of which so many words stand before the verb; `priced` where it says how much
    money."""
    near = [token.low for token in islice(span, max(at, 0), max(at, 0) + NEAR)]
    settles = verb in _SETTLING and not _MOVEMENTS.isdisjoint(near)
    if settles or (verb in _ALTERING | _SETTLING and _named_by_two(near)):
        return actions | {_C.TRANSFER}, ["payment", *datatypes]
    if verb in _SHIFTED and _puts_by(span, near, priced):
        return actions | {_C.TRANSFER}, ["payment", *datatypes]
    if verb in _RELEASING and _goes_live(span, max(at, 0)):
        return actions | {_C.EXECUTE, _C.UPDATE}, ["repository", *datatypes]
    if actions >= _ADMITS and verb == "give":
        return actions, ["permission"]  # to what it is given is not changed
    if actions & {_C.UPDATE} and not _FACTS.isdisjoint(datatypes):
        return actions, [*datatypes, "user"]
    if verb in _MOVED and _to_a_day(span):
        return actions | {_C.UPDATE}, ["event", *datatypes]
    return actions, datatypes


def _goes_live(span: tuple[Token, ...], at: int) -> bool:
    """Whether a version is brought to where it runs: "ship 2.4.1 to production", not "ship the box"."""
    places = [place for place, token in enumerate(span) if place >= at and token.low in _LIVE]
    return (bool(places) and (span[places[0] - 1].low in ("to", "into", "in", "onto") if places[0] else False)) or any(
        _VERSION.fullmatch(token.low) for token in span[at : at + 3] if not token.quoted
    )


def repairs(verb: str, datatypes: tuple[str, ...]) -> bool:
    """Whether something may have to be run for it: "fix the printer", "tidy up my tablet"."""
    return verb in _REPAIRING and ("device" in datatypes or not any(map(is_noun, datatypes)))


def _puts_by(span: tuple[Token, ...], near: list[str], priced: bool) -> bool:
    """Whether a sum goes to another account: "stash 300 in the rainy day pot", "put 50 aside"."""
    if priced and any(token.low in _POTS for token in span):
        return True
    saved = any(token.low in _SAVINGS for token in span)
    if saved and any(one in _INTO and other in _SAVINGS for one, other in pairwise(near)):
        return True  # "do the usual move to savings"
    return any(one[:1].isdigit() and (other in _ASIDE or (saved and other in _INTO)) for one, other in pairwise(near))


def _named_by_two(near: list[str]) -> bool:
    return any(pair in _COMPOUND for pair in pairwise(near))


def _may_be_time(token: Token) -> bool:
    return token.number and token.low.count(".") < 2 and "%" not in token.low


def _to_a_day(span: tuple[Token, ...]) -> bool:
    """Whether something gets another time: "to Friday", "back half an hour", "till 3pm"."""
    for at, token in enumerate(span[:-1]):
        if token.low in _ONTO:
            after = [word.low.removesuffix("'s") for word in span[at + 1 : at + 4]]
            if any(low in CALENDAR or low in _DAYS for low in after) or _may_be_time(span[at + 1]):
                return True
    return False
