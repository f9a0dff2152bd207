"""Whether a word that may be a verb names a thing: "order AB-1 was late", "(view, parking, price)", "rent is due"."""

from remit.catalogue.lexicon import is_ambiguous
from remit.intent.lexicon import Lexicon
from remit.intent.tokens import Token
from remit.intent.words import words

FINITE = frozenset(
    words(
        """
        is are was were isn't aren't wasn't weren't has have had hasn't haven't does doesn't do don't did didn't it's
        that's there's he's she's they're we're can can't could won't would will should may might must needs need want
        """
    )
)
_SAID_OF = frozenset(words("is was are were isn't wasn't has hasn't hadn't had number no nr id #"))
# Behind a verb and its object they begin another clause; behind a noun that is a subject they do not stand.
_NO_SUBJECT = frozenset(
    words(
        """
        i we you he she it they me us him her them what which who whom that where when how why if whether whatever
        whichever whoever everything anything so because and or but then as unless until before after while to
        """
    )
)
# Nouns that are verbs as well, behind which a sentence may stand: "report the lift is out", "note Bo has paid".
_SAYING = frozenset(words("report flag log tip like trust watch mention see hope say show guess bet post share test"))
_NEEDS = frozenset(words("need needs want wants do does have"))
NEAR = 3  # words between a subject and its verb


def names_it(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether it is told apart as a noun is: "order is AB-1", "(the two lamps, order AB-1)"."""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is None or after.quoted:
        return False
    if after.low in _SAID_OF:
        return True
    return bool(at) and tokens[at - 1].mark and after.names and not after.place and any(map(str.isdigit, after.low))


def is_subject(tokens: tuple[Token, ...], at: int, language: Lexicon) -> bool:
    """Whether a sentence says something of what the word that begins it names: "order AB-1 was late"."""
    token = tokens[at]
    if token.known and (not (token.noun or is_ambiguous(token.low)) or _may_say(token)):
        return False
    for place, word in enumerate(tokens[at + 1 : at + 2 + NEAR]):
        if word.low in FINITE:
            return place > 0 or word.low not in _NEEDS
        if place and token.known and word.known and not word.noun and _is_plural(tokens[at + place]):
            return True  # "order forms keep coming back"
        if word.mark or word.quoted or word.low in _NO_SUBJECT or word.low in language.determiners:
            return False
    return False


def _is_plural(token: Token) -> bool:
    return token.text.islower() and token.low.endswith("s") and not token.low.endswith(("'s", "us"))


def _may_say(token: Token) -> bool:
    return "message" in token.kinds or token.low in _SAYING
