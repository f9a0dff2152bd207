"""The things that a sentence of a goal speaks of: their kinds, the items that it names, and where things go.

Word order and a few lists, no parser. The text may be an outsider's: linear, no nested repetition.
"""

import re

from remit.intent.kept import kept
from remit.intent.lexicon import ENGLISH, Lexicon
from remit.intent.nouns import CALENDAR
from remit.intent.tokens import Token
from remit.intent.words import words
from remit.terms import OperationClass

_C = OperationClass
MAX_ITEMS = 24  # of one list of one grant
_TOWARDS = frozenset(words("to with"))
# Behind these stands where somebody or something is, unless what is written there is read there.
_WHEREABOUTS = frozenset(words("in from by"))
_POSTING = frozenset(words("post publish share announce write comment put upload drop leave save"))
# Behind these verbs stands who is told, not what; behind those, perhaps.
_ADDRESSING = frozenset(words("tell ask remind inform notify thank contact advise warn brief invite alert"))
_WRITING_TO = frozenset(
    words(
        "answer write call phone email mail message text ping update send give dm let drop shoot chase nudge loop keep"
    )
)
PAYING = frozenset(words("pay wire refund reimburse repay"))
_WRITING_TO |= PAYING
_ADDRESSED = _ADDRESSING | _WRITING_TO
_WHOSE = frozenset(words("at from of"))
_PERSONS = frozenset(words("him her them us everyone everybody whoever"))
_NOBODY = frozenset(
    words(
        "him everyone everybody anyone anybody someone somebody whoever whomever nobody none others yes back again"
        " today tomorrow tonight now soon later first then"
    )
)
_IDLE = (
    _NOBODY | ENGLISH.stop | ENGLISH.determiners | ENGLISH.polite | ENGLISH.askers | ENGLISH.subjects | ENGLISH.modals
)
_PREDICATES = frozenset(words("is was has had can can't could will won't wants needs asked said wrote says asks and"))
_DIGIT = re.compile(r"\d")
_CLOCK = re.compile(r"\d{1,2}(?:[:.]\d\d)?(?:am|pm|h)|\d{1,2}:\d\d")
_WHICH = frozenset(words("my our the his her their this that a"))
_IN_PRIVATE = frozenset(words("1:1 1-1 1on1 one-on-one"))
AMOUNT = re.compile(
    r"[$€£\d](?:(?<!\d)\s?\d[\d,]{0,20}(?:\.\d{1,8})?"
    r"|(?<=\d)(?<![\d,.].)[\d,]{0,20}(?:\.\d{1,8})?\s?(?:%|k\b|usd|eur|gbp|dollars?|euros?|pounds?)"
    r"|(?<=\d)(?<![\d.].)\d{0,14}\.\d\d\b)",
    re.IGNORECASE,
)


def things(
    span: tuple[Token, ...], language: Lexicon, telling: int = -1, verb: str = "", opens: bool = True
) -> tuple[list[str], list[str], list[str], bool]:
    """The kinds of things that words speak of, the items that they name, and those among them that are places; and
    whether somebody is meant who is not named.

    `telling`: so many words stand before the verb, if it is one that tells somebody something. `opens`: the first of
    them begins a sentence, where every word has a capital."""
    datatypes: list[str] = []
    named: list[str] = []
    sinks: list[str] = []
    prior = ""
    speaks = telling >= 0 and verb not in PAYING and verb not in _POSTING  # a bill "from Brink" is paid to Brink
    described = False  # whom it is for is told otherwise: "to the guest in Rome", "write her"
    for i, token in enumerate(span):
        if token.mark:
            described = described and i > telling
            continue
        low = token.low
        stops = low in language.stop
        inside = i > 0 or not opens or (len(span) > 1 and _goes_on(span[1]))
        if not stops and _names_something(token, inside):
            named.append(token.text)
            towards = prior in _TOWARDS or (prior in language.recipients and not (described or i < telling))
            towards = towards and not (prior in _WHEREABOUTS and speaks and not token.place)
            towards = towards and not (token.low.endswith("'s") and prior == "with")  # "with Kim's card"
            towards = towards and not (prior in _WHOSE and i > 1 and span[i - 2].text in named)  # "Jo at the bank"
            told = i == telling and verb in _ADDRESSED and token.low.isalpha()
            if token.place or towards or told or (i == 0 and token.names and not token.quoted):
                sinks.append(token.text)
        elif i >= telling >= 0 and (prior in _TOWARDS or (i == telling and _is_told(token, verb, language))):
            described = True
            if _is_name(token, language):
                named.append(token.text)
        if not stops:
            datatypes += token.kinds
        if low in _IN_PRIVATE or (
            low[:1].isdigit() and _CLOCK.fullmatch(low) and (prior in _WHICH or prior.endswith("'s"))
        ):
            datatypes.append("event")  # "my 14:00", "today's 9am"
        prior = low
    return datatypes, named, sinks, described


def _names_something(token: Token, inside: bool) -> bool:
    """Whether a word names one thing or somebody, and no time; `inside` a sentence, where a capital says so."""
    if token.quoted:
        return not token.number
    if token.number or token.low.removesuffix("'s") in CALENDAR or token.low.startswith("i'"):
        return False
    return token.names or (inside and token.text[:1].isupper() and token.low not in _IDLE)


def _goes_on(second: Token) -> bool:
    """Whether the first word of a sentence is a name by the second: "Odile can't", "Odile Brandt"."""
    return second.low in _PREDICATES or (second.text[:1].isupper() and not second.known)


def lays_down(actions: frozenset[OperationClass], span: tuple[Token, ...]) -> bool:
    """Whether it may only be written down somewhere: "write it next to the letter", not "write her"."""
    return _C.CREATE in actions and _PERSONS.isdisjoint(token.low for token in span)


def _is_told(token: Token, verb: str, language: Lexicon) -> bool:
    """Whether the word right behind a verb is who is told."""
    return verb in _ADDRESSING or (verb in _WRITING_TO and (token.low in _PERSONS or _is_name(token, language)))


def _is_name(token: Token, language: Lexicon) -> bool:
    """Whether a word in lower case may be somebody's name: no word that the lexicon knows."""
    low = token.low
    return (
        low.isalpha()
        and len(low) > 2
        and not (token.noun or token.known or token.base or low.endswith("s"))
        and low not in language.stop
        and low not in language.determiners
        and low not in _NOBODY
    )


def plainly_named(span: tuple[Token, ...], at: int) -> bool:
    """Whether what is added is named without an article: "add jo to the board"."""
    return len(span) > at + 1 and _is_name(span[at], ENGLISH) and span[at + 1].low in ("to", "as")


@kept(256)
def amounts(sentence: str) -> tuple[str, ...]:
    if not _DIGIT.search(sentence):
        return ()
    return unique([match[0] for match in AMOUNT.finditer(sentence)])


def unique(items: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))[:MAX_ITEMS]
