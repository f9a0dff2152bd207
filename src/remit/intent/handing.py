"""Where a goal hands the work over: "work ticket T-88", "Jo mailed me a list, take care of it", "T-88 please".

What is handed over says itself what is to be done; the goal then licenses that, unsurely, and whose words these are
decides which are meant. So this asks for a thing that holds somebody's wishes (a ticket, a list, a mail, a page of
steps), with a name or an owner: that a document is to be worked on, or that all mail is to be read, hands nothing
over. Limits: word order and a few lists, no parser; the last thing that was told of is what a pronoun means.
"""

from collections.abc import Iterator

from remit.catalogue.words import singular, split
from remit.intent.clauses import FINITE, heads, position
from remit.intent.lexicon import Lexicon
from remit.intent.nouns import CALENDAR, is_noun
from remit.intent.tokens import Token
from remit.intent.words import words

# What is there to be done, or says what is.
_TASKS = frozenset(
    words(
        """
        ticket case request list checklist todo to-do task step instruction runbook playbook procedure routine protocol
        job issue complaint enquiry inquiry incident errand chore handover hand-over handoff homework agenda
        punch-list worklist wishlist shopping-list call-out action item work-order
        """
    )
)
# What may hold somebody's wishes, when it is his.
_TEXTS = frozenset(
    words(
        """
        mail email e-mail message note letter memo dm text chat comment post thread voicemail fax card description
        reply answer remark page wiki briefing brief mobile
        """
    )
)
_RULES = frozenset(
    words(
        """
        page wiki policy guide guideline handbook manual doc document documentation readme article recipe log hint
        advice suggestion recommendation rule direction plan process template
        """
    )
)
_CONTENTS = frozenset(
    words("everything all lot whatever anything point thing item rest stuff first bit entry wish one")
)
# Verbs of handing over, with the particles that they need: any of them, or none ("-").
_HANDLING: dict[str, frozenset[str]] = {
    verb: frozenset(particles.split(","))
    for verb, particles in (
        pair.split(":")
        for pair in words(
            """
            do:- handle:- work:-,through,off,on,down,up action:- tackle:- manage:- settle:- treat:- address:- resolve:-
            process:- complete:- finish:-,off,up perform:- execute:- run:-,through,down carry:out deal:with sort:-,out
            take:care,on,over see:to attend:to act:on look:after go:through,over walk:through close:out wrap:up
            knock:out,off pick:up proceed:with continue:with get:on,through,going,started start:on,with follow:-,up
            implement:- clear:- progress:- move:forward crack:on push:through,forward tick:off step:through
            """
        )
    )
}
# Of these, those that say so little else that a pronoun or a bare number is enough.
_FULLY = frozenset(words("do handle work action tackle manage settle deal take see attend act look sort follow get"))
_WITH_TEXTS = _FULLY | frozenset(words("implement address treat pick process proceed continue carry"))
_ORDINALS = frozenset(words("first second third last rest half all both each one most some"))
_FILLERS = frozenset(words("of with on off through out to up over down after care ahead going started"))
_NUMBERS = frozenset(words("of two three four five six seven eight nine ten it them this these those that"))
_PRONOUNS = frozenset(words("it that them this those these everything all both"))
_ENDS_NOUN = frozenset(
    words(
        """
        for on in from by at about to with and then but so if when because before after that which who as is are was
        were has have had said says left sent wrote mailed gave made asked today tomorrow please now
        """
    )
)
_ENDS = frozenset(words("and then but so if when because before while"))
_TOLD = frozenset(
    words(
        """
        mailed emailed e-mailed wrote texted messaged pinged asked requested posted left gave forwarded called phoned
        reported complained sent told said passed put filed raised opened submitted assigned shared wants wishes
        writes asks says gives tells requests sends recommends suggests shows lists contains describes mentions
        """
    )
)
_ASKED = frozenset(words("asked asks wants wanted requested requests needs needed ordered"))
_WRITTEN = _TASKS | _TEXTS
_NOT_TOLD_BY = frozenset(words("i we you it to be been was were is are have had has and or not")) | {""}
_FOR_WHOM = frozenset(words("for in at"))
LEAST_NUMBER = 3  # figures of a number that names something
MAX_NOUN = 10  # words of what is handed over
MAX_BEFORE = 4  # words of who told of it


def handed_over(tokens: tuple[Token, ...], language: Lexicon, told: tuple[str, ...]) -> tuple[str, ...]:
    """The sources that a sentence hands the work over to, or nothing. `told` is what was told of last."""
    if but_not(tokens):
        return ()
    for at, token in enumerate(tokens):
        verb = token.base or token.low
        if token.quoted or verb not in _HANDLING or token.low != verb or not position(tokens, at, language, False):
            continue
        start = _behind(tokens, at + 1, _HANDLING[verb])
        if start is None:
            continue
        if verb == "go" and tokens[at + 1].low == "over":
            continue
        found = _object(tokens, start, verb, told)
        if found:
            return found
    return _ahead(tokens, told) or _bare(tokens, language)


def but_not(tokens: tuple[Token, ...]) -> bool:
    """Whether a part of what says more is ruled out ("not what the comments say"): nobody tells the parts apart."""
    return any(
        token.low in ("not", "without", "ignore", "except") and bool(_nouns(tokens[at + 1 : at + 6], _TEXTS))
        for at, token in enumerate(tokens)
    )


def told_of(tokens: tuple[Token, ...]) -> tuple[str, ...]:
    """What a sentence tells of that may hold wishes: who wrote something and what, a ticket by its number."""
    for at, token in enumerate(tokens):
        if token.low in _TOLD and at and (who := _teller(tokens, at)):
            return (*who, *_nouns(tokens[at + 1 :], _WRITTEN))
    for at, token in enumerate(tokens):
        if token.mark or token.quoted or singular(token.low) not in _WRITTEN:
            continue
        near = tokens[max(0, at - 3) : at + 4]
        if names := _names(_clause(near)):
            return (*names, singular(token.low))
    return ()


def asker(tokens: tuple[Token, ...]) -> str:
    """The name of somebody who asked for something, or ""."""
    for at, token in enumerate(tokens):
        if token.low in _ASKED:
            who = _teller(tokens, at) if at else ()
            return who[0] if who else ""
    return ""


def _teller(tokens: tuple[Token, ...], at: int) -> tuple[str, ...]:
    """Who told: the name or noun before the verb, "Bo from finance asked", "our landlord wrote"."""
    start = at
    while start and at - start < MAX_BEFORE and not tokens[start - 1].mark and tokens[start - 1].low not in _ENDS:
        start -= 1
    who = [token for token in tokens[start:at] if token.low not in _FILLERS]
    if not who or who[-1].low in _NOT_TOLD_BY or who[0].low in ("i", "we", "you", "please", "what", "who"):
        return ()
    cut = next((i for i, token in enumerate(who) if i and token.low in ("from", "of", "at", "in")), len(who))
    names = [token for token in who[:cut] if token.low.isalpha() and not _is_little(token)]
    return tuple([token.text for token in names[-2:]])


def _is_little(token: Token) -> bool:
    return len(token.low) < 3 or token.low in _LITTLE


_LITTLE_TIME = frozenset(words("please now today too first yourself quickly asap immediately thanks"))
_LITTLE = frozenset(
    words("the a an my our your his her its their this that just also already yesterday today has have had he she they")
)


def _behind(tokens: tuple[Token, ...], start: int, particles: frozenset[str]) -> int | None:
    """Where what is handed over begins, behind the particles that the verb needs; None without them."""
    end = start
    while end < len(tokens) and tokens[end].low in _FILLERS:
        end += 1
    if end == start:
        return start if "-" in particles else None
    return end if tokens[start].low in particles else None


def _object(tokens: tuple[Token, ...], start: int, verb: str, told: tuple[str, ...]) -> tuple[str, ...]:
    clause = _clause(tokens[start : start + MAX_NOUN * 2])
    if not clause:
        return ()
    noun = _noun(clause)
    if clause[0].low in _PRONOUNS and verb in _FULLY and not _nouns(clause, _WRITTEN):
        plain = all(token.low in _NUMBERS or token.number for token in clause[1:] if token.low not in _LITTLE_TIME)
        return told if plain or len(noun) < 2 or clause[0].low in ("it", "them") else ()
    if noun and _is_code(noun[-1]) and (verb in _FULLY or verb in _WITH_TEXTS):
        before = singular(noun[-2].low) if len(noun) > 1 else ""
        if (verb in _FULLY and not before) or before in _TASKS or (before and not is_noun(before)):
            return (
                *_names(noun),
                *(_nouns(noun, _TASKS) or ("task",)),
            )  # "process leaver T-88", not "process payment P-88"
    if len(noun) == 1 and noun[0].names and _says_what(noun[0].text, verb):
        return (noun[0].text,)
    head = _head(noun)
    if head == "lot" and len(noun) < 3:
        return told
    if head in _CONTENTS and len(clause) > len(noun):
        noun, head = clause, next(iter(_nouns(clause, _WRITTEN)), "")
    if head in _TASKS:
        return (*_names(clause), *_nouns(clause, _WRITTEN | _RULES))
    if head in _TEXTS and verb in _WITH_TEXTS and (names := _names(clause)):
        return (*names, *_nouns(clause, _WRITTEN))
    if verb == "follow" and head in _RULES:
        return (*_names(clause), *(_nouns(clause, _RULES) if head not in ("hint", "advice") else told)) or told
    return ()


def _says_what(name: str, verb: str) -> bool:
    """Whether a file or page by its name says what is to be done, or is followed: "work off audit-checklist.md"."""
    file = "." in name or "/" in name
    return file and (verb in ("do", "follow") or any(singular(part) in _TASKS | _RULES for part in split(name)))


def _ahead(tokens: tuple[Token, ...], told: tuple[str, ...]) -> tuple[str, ...]:
    """ "Go ahead", "make it happen", when somebody told of something."""
    lows = [token.low for token in tokens]
    for at, low in enumerate(lows[:-1]):
        if (
            low == "go"
            and lows[at + 1] == "ahead"
            and (at == 0 or tokens[at - 1].mark or lows[at - 1] in ("and", "please"))
        ):
            return told
        if low in ("get", "make") and lows[at + 1] in _PRONOUNS and lows[at + 2 : at + 3] in (["done"], ["happen"]):
            return told
    return ()


def _bare(tokens: tuple[Token, ...], language: Lexicon) -> tuple[str, ...]:
    """ "T-88 please": nothing but the thing, and that it is wanted."""
    said = [token for token in tokens if not token.mark]
    while said and said[0].low in language.polite:
        said = said[1:]
    if not said:
        return ()
    if whose := _whose_request(tuple(said), language):
        return whose
    named = said[1:] if singular(said[0].low) in _TASKS else said
    if not named or not _is_code(named[0]) or named[0].place:
        return ()
    after = named[1].low if len(named) > 1 else ""
    if after in ("", "please", "next", "now", "too", "if", "thanks", "today", "asap", "immediately"):
        return (named[0].text, *_nouns(tuple(said[:1]), _TASKS))
    return ()


def _whose_request(said: tuple[Token, ...], language: Lexicon) -> tuple[str, ...]:
    """ "The stock list from Ada", "Ada's request please": somebody's wishes, and nothing said of them."""
    noun = _noun(said)
    if len(said) > 1 and said[1].low in language.determiners:
        return ()  # a verb that nobody knows
    if not noun or _head(noun) not in _TASKS or any(token.low in FINITE for token in said):
        return ()
    if heads(said, language, False)[0]:
        return ()
    names = _names(said)
    return (*names, *_nouns(noun, _TASKS)) if names else ()


def _clause(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    for at, token in enumerate(tokens):
        if token.text in (",", ":", "-", ")") or token.low in _ENDS:
            return tokens[:at]
    return tokens


def _noun(clause: tuple[Token, ...]) -> tuple[Token, ...]:
    for at, token in enumerate(clause):
        if token.low in _ENDS_NOUN or token.mark or (at and token.low.endswith("ed") and token.base and not token.noun):
            return clause[:at]
    return clause


def _head(noun: tuple[Token, ...]) -> str:
    """The noun that a phrase is about: "the first of Kim's notes" about notes."""
    last = ""
    for token in noun:
        if token.low == "of" and last and last not in _ORDINALS:
            break
        if not token.names and not token.number and not token.quoted:
            last = singular(token.low)
    return last


def _is_code(token: Token) -> bool:
    if token.quoted or (token.number and not token.low.isdigit()):
        return False  # a time, a quantity
    if token.low.isdigit():
        return len(token.low) >= LEAST_NUMBER
    return any(map(str.isdigit, token.low)) and (token.names or len(token.low) >= LEAST_NUMBER)


def _names(tokens: tuple[Token, ...]) -> tuple[str, ...]:
    """The names in it, its codes and long numbers; without whom it is for, where it says more."""
    found: list[str] = []
    beside: list[str] = []
    prior = ""
    for token in tokens:
        owner = token.low.endswith("'s")
        if token.low.removesuffix("'s") in CALENDAR or token.low.startswith("i'"):
            continue
        named = token.quoted or owner or token.text[:1].isupper() or token.names
        if _is_code(token) or (named and not token.number):
            (beside if prior in _FOR_WHOM else found).append(token.text.removesuffix("'s"))
        prior = token.low
    return tuple(dict.fromkeys(found or beside))


def _nouns(tokens: tuple[Token, ...], some: frozenset[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_each(tokens, some)))


def _each(tokens: tuple[Token, ...], some: frozenset[str]) -> Iterator[str]:
    for token in tokens:
        one = singular(token.low.removesuffix("'s"))
        if not token.quoted and one in some and is_noun(one):
            yield one
