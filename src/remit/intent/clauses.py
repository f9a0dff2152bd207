"""How a sentence asks: its words, whether it is a question, and which of its verbs ask for something.

No parser stands behind it: what decides is the word before a verb, and the one before that. A word is read once and
kept, because goals and mails use the same few thousand words. The text may be an outsider's: linear, no nested
repetition, tables bounded.
"""

from collections.abc import Iterator
from itertools import islice

import msgspec

from remit.catalogue.words import singular
from remit.intent.lexicon import (
    MAX_APART,
    Lexicon,
    act_of,
    licenses,
    phrasal,
    tells,
)
from remit.intent.naming import FINITE as FINITE
from remit.intent.naming import is_subject, names_it
from remit.intent.objects import asks_somebody, brought, informs, is_chosen, is_somebody, laid_down, obtained, said_to
from remit.intent.tokens import ARROWS, Token
from remit.intent.words import words
from remit.terms import OperationClass

_NOT = frozenset(words("not don't never without no doesn't didn't cannot can't won't isn't"))
_GERUND_AFTER = frozenset(words("help with by about for consider try of on start me"))
_PASSIVE_AFTER = frozenset(words("be been get being have"))
_READING = frozenset((OperationClass.READ,))
_NOT_DONE = frozenset((OperationClass.READ, OperationClass.EXECUTE, OperationClass.ADMINISTER))
_WRITING = frozenset((OperationClass.CREATE, OperationClass.UPDATE))
_SETTING_UP = frozenset((OperationClass.EXECUTE,))
_FORBIDS = frozenset(words("not don't never without"))
_EXCEPT = frozenset(
    words("if unless until till before yet else other otherwise more only forget hesitate when except again too")
)
_DISPENSABLE = frozenset(words("can may must should could"))  # "the old ones can go"
_NOTHING = frozenset(words("nothing none"))
_ADVERBIAL = frozenset(  # what an order may begin with
    tuple(pair.split("-"))
    for pair in words("either-way any-case that-case this-way after-that if-so if-not while-there")
)
_PARTICLES = frozenset(words("in on up out off down back"))
_ITSELF = frozenset(words("it them this that these those both all"))
_SHORT_OF = frozenset(words("ok ticket water"))  # a verb only with its object behind it
_BOOKING = frozenset((OperationClass.CREATE, OperationClass.TRANSFER))
_CAUSING = frozenset(words("get have"))
_PROVIDING = frozenset(words("get find grab fetch organise organize sort snag secure"))
_LAYING = frozenset(words("get have drop dump chuck throw toss"))
_FINISHED = frozenset(words("by via back please now today immediately too once when if for in"))
_SETTLED = frozenset(words("yes so not no possible needed necessary required ok"))  # "if so, merge it"
_ASKER = frozenset(words("me us"))
_SAYING = frozenset(words("confirm explain report describe present suggest acknowledge propose"))
_TELLING = frozenset((OperationClass.COMMUNICATE,))
# Though interfaces are named so.
_NO_ACT = frozenset(
    words("can could may might will would shall should must new is are was were am be been has had does did")
)
_REQUESTING = frozenset(
    words("tell ask asked remind advise invite urge instruct beg told want wants need needs get let allow encourage")
)
_AGENTS = frozenset(words("you assistant agent ai bot model system me us"))  # who is asked by what is asked of them
CONDITIONS = frozenset(words("if when whenever once unless provided assuming should case"))
_OBJECTS = frozenset(
    words(
        """
        it them him her me us this that these those the a an my our your his their its all any both everything everyone
        one everybody whatever whoever
        """
    )
)
_OBLIGED = frozenset(words("has have need needs ought"))
_WISHED = frozenset(words("want wants need needs like get have see"))
_SO = frozenset(words("is does do has did are doesn't isn't hasn't don't aren't can't"))
_LEFT = frozenset(("channel", "event"))  # what one can leave
_THEY_WANT = frozenset(words("wants hopes plans intends prefers tries loves wishes"))
_WONDERING = frozenset(words("what how where when which whether who"))
_FINDING = frozenset(words("find get need look grab block set make sort agree arrange organise organize"))
_TIMES = frozenset(words("time slot slots gap min mins minutes hour hours half-hour window date"))
_TOWARDS_SOMEBODY = frozenset(words("with between"))
_MEETING = frozenset((OperationClass.READ, OperationClass.CREATE, OperationClass.UPDATE, OperationClass.COMMUNICATE))
_CHOOSING = frozenset(words("take choose pick have"))
_ANYBODY = frozenset(words("somebody someone"))  # "somebody tell the porter"
_ORDINALS = frozenset(words("first second third next other else"))  # "second, call her", "the second call"
_FOR_IT = frozenset(words("with for"))  # "go with the green one"
_TURNING = frozenset(words("turn convert change exchange swap cash use spend"))
_VALUES = frozenset(words("voucher vouchers points point miles credit credits coupon coupons reward rewards"))
_NOTING = _WRITING
_SPENDING = frozenset((OperationClass.TRANSFER,))
_MAY = frozenset(words("can could may might will would should must shall"))
_OTHERS = frozenset(words("he she they it who which everyone everybody somebody someone people others nobody"))
_OWN = frozenset(words("i'll we'll"))
_SELVES = frozenset(words("myself ourselves personally"))
_LATER = frozenset(words("later tomorrow tonight when once after next afterwards eventually soon separately"))
_NEGATED = frozenset(words("not mustn't shouldn't can't cannot won't don't isn't aren't never"))
_NO_END = frozenset(words("yet please now then until today thanks"))
_ANY = frozenset(words("any anything anybody anyone got"))
MAX_ASKED = 16  # words of an indirect question


def _sees_to(token: Token, after: str) -> bool:
    return (token.low == "make" and after in ("sure", "certain")) or (token.low == "see" and after == "to")


def _upto(tokens: tuple[Token, ...], at: int) -> int:
    return min(len(tokens), at + 1 + MAX_ASKED)


def _joins(tokens: tuple[Token, ...], at: int, verb: str) -> bool:
    """Whether a mark or "and" stands between those for whom a verb and its particle are: "let Bo and Kim know"."""
    if tokens[at].text == "&":
        return True
    return tokens[at].low in ("and", ",") and (
        verb == "let"
        or (at + 1 < len(tokens) and tokens[at - 1].text[:1].isupper() and tokens[at + 1].text[:1].isupper())
    )


def _told_too(tokens: tuple[Token, ...], at: int, actions: frozenset[OperationClass]) -> frozenset[OperationClass]:
    return actions | _TELLING if actions == _READING and asks_somebody(tokens, at) else actions


def is_question(tokens: tuple[Token, ...], language: Lexicon) -> bool:
    opening = list(islice((token.low for token in tokens if not token.mark), 4))
    while opening and opening[0] in language.polite:
        opening = opening[1:]
    if opening and opening[0] in _ANY:
        return opening[1:2] != [] and opening[1] not in (
            "of",
            "time",
            "day",
        )  # "any seats left", "got anything for ten"
    if not opening or opening[0] not in language.askers:
        return False
    asked = opening[1] if len(opening) > 1 else ""
    if opening[0] == "when" and asked not in FINITE:
        return False  # "when it is ready, send it", "when the bus stops, the doors should open"
    # "do the tasks" is no question, "do you have …" is
    return opening[0] not in language.doers or asked in language.subjects or asked == "you"


class Asking(msgspec.Struct, frozen=True, gc=False):
    """A verb that asks for something."""

    at: int
    sure: bool
    verb: str  # in its base form
    actions: frozenset[OperationClass]


def heads(tokens: tuple[Token, ...], language: Lexicon, asks: bool) -> tuple[list[Asking], bool]:
    """Which verbs ask for something, and whether something is asked for that no verb names."""
    found: list[Asking] = []
    unclear = False
    for at, token in enumerate(tokens):
        if token.quoted or not (token.known or token.base) or token.low in _NO_ACT:
            continue
        sure = position(tokens, at, language, asks)
        after = tokens[at + 1].low if at + 1 < len(tokens) else ""
        if sure is None or after in _NOTHING or (token.low == "do" and after == "not"):
            continue
        asked = _asked(tokens, at, after, sure)
        if asked is not None:
            found.append(asked)
        elif token.vague or _sees_to(token, after):
            unclear = True
    if not found and not asks and not unclear:
        unclear = _unknown_order(tokens, language)
    if unclear and all(asking.actions <= _READING for asking in found):
        named = [(at, act_of(token.low)) for at, token in enumerate(tokens)]
        named = named if any(verb for _, verb in named) else list(_done(tokens, language))
        found += [Asking(at, False, verb, licenses(verb)) for at, verb in named if verb]
        found.sort(key=lambda asking: asking.at)
    return found, unclear


def _done(tokens: tuple[Token, ...], language: Lexicon) -> Iterator[tuple[int, str]]:
    """The act that is to be done, by a verb that stands as its noun: "do the usual move to savings"."""
    for at, token in enumerate(tokens[:-2]):
        if token.low == "do" and tokens[at + 1].low in language.determiners:
            for place, noun in enumerate(tokens[at + 2 : at + 5], at + 2):
                if noun.mark or noun.low in ("to", "for", "of", "on", "in", "with", "from"):
                    break
                if noun.known and not noun.noun and noun.licenses and noun.licenses.isdisjoint(_NOT_DONE):
                    yield place, noun.low
                    return


def _asked(tokens: tuple[Token, ...], at: int, after: str, sure: bool) -> Asking | None:
    """What the verb there asks for; None when it only says that something is to be done, or asks nothing."""
    token = tokens[at]
    verb = token.base or token.low
    if after in _ASKER and verb == "remind":
        return Asking(at, sure, verb, _NOTING)
    if after in _ASKER and tells(verb):
        return Asking(at, sure, verb, _READING)
    following = [
        "&" if _joins(tokens, place, verb) else tokens[place].low for place in range(at + 1, _upto(tokens, at))
    ]
    actions, named = phrasal(verb, following[:MAX_APART])
    if actions and verb == "turn" and following[1:2] == ["down"] and is_somebody(tokens[at + 1]):
        return Asking(at, sure, "reject", licenses("reject") | _TELLING)
    if actions:
        return Asking(at, sure, named, _told_too(tokens, at, actions))
    if verb in _FINDING and not _TIMES.isdisjoint(following) and not _TOWARDS_SOMEBODY.isdisjoint(following):
        return Asking(at, sure, "meet", _MEETING)  # "find 45 minutes with Jo and Ann"
    if (verb in _CHOOSING and is_chosen(tokens, at)) or (verb == "go" and after in _FOR_IT):
        return Asking(at, False, "book", _BOOKING)
    if verb in _TURNING and not _VALUES.isdisjoint(following):
        return Asking(at, sure, "redeem", _SPENDING)
    if token.low == "go" and _ends(tokens, at) and at and (tokens[at - 1].low in _DISPENSABLE or _obliged(tokens, at)):
        return Asking(at, sure, "delete", licenses("remove"))
    if token.low == "go" and after == "back" and _obliged(tokens, at):
        return Asking(at, sure, "return", licenses("return"))  # "two of the chairs have to go back"
    if token.low == "go" and after == "to" and at + 2 < len(tokens) and tokens[at + 2].number:
        return Asking(at, False, "set", _WRITING)  # "go to 6 pods"
    if verb in _SHORT_OF and not (after in _OBJECTS and (verb != "ticket" or after in _ITSELF)):
        return None
    if token.low == "leave" and not any(_LEFT & set(word.kinds) for word in tokens[at + 1 : at + 5]):
        return None  # "leave the rest alone"
    if token.low == "get" and brought(tokens, at):
        return Asking(at, False, "book", _BOOKING)  # "get Ada to Oslo"
    if token.low in _PROVIDING and obtained(tokens, at):
        return Asking(at, sure, "book", _BOOKING)
    if verb in _LAYING and laid_down(tokens, at):
        return Asking(at, verb not in _CAUSING, "put", _WRITING)  # "get the numbers into the sheet"
    if token.vague:
        return Asking(at, sure, verb, _READING) if informs(tokens, at) else None
    if _sees_to(token, after) or (not sure and _in_question(tokens, at)):
        return None
    actions = token.licenses
    if verb in _SAYING and said_to(tokens, at):
        actions |= _TELLING  # "confirm to her"
    if verb == "confirm" and (at + 1 == len(tokens) or tokens[at + 1].mark or after in _FINISHED):
        actions |= _TELLING  # "and confirm"
    if token.low == "set" and after == "up":
        actions |= _SETTING_UP
    if actions and actions <= _READING and "into" in following:
        actions |= _WRITING  # "summarize it into a note"
    return Asking(at, sure, verb, _told_too(tokens, at, actions)) if actions else None


def _obliged(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether the verb tells what has to happen to a thing, not what the speaker has to do."""
    prior = [token.low for token in tokens[max(0, at - 3) : at]]
    who = prior[-3] if len(prior) > 2 else ""
    return prior[-1:] == ["to"] and prior[-2:-1] != [] and prior[-2] in _OBLIGED and who not in ("i", "we", "you", "")


def _unknown_order(tokens: tuple[Token, ...], language: Lexicon) -> bool:
    """Whether a sentence seems to begin with a verb that the lexicon does not know."""
    opening = [token for token in tokens if not token.mark and token.low not in language.polite][:2]
    if len(opening) < 2 or opening[0].quoted or not opening[0].low.isalpha():
        return False
    first, second = opening[0].low, opening[1]
    if first in language.stop or not (second.low in language.determiners or second.names or second.quoted):
        return False
    return any(token.low in language.telling for token in tokens)


def ruled_out(tokens: tuple[Token, ...], language: Lexicon) -> list[Asking]:
    """Verbs for what is not to be done: "don't mail it", "without booking"; not in conditions and exceptions."""
    said = {token.low for token in tokens}
    found = _withheld(tokens, said)
    if (said.isdisjoint(_FORBIDS) and said.isdisjoint(_NOTHING)) or not said.isdisjoint(_EXCEPT):
        return found
    for at, token in enumerate(tokens):
        acting = token.licenses - _READING
        nothing = at + 1 < len(tokens) and tokens[at + 1].low in _NOTHING
        if token.quoted or not acting or not (nothing or (at and tokens[at - 1].low in _FORBIDS)):
            continue
        if not (token.known or token.low.endswith("ing")):
            continue  # "what is not sold yet"
        if at > 1 and tokens[at - 2].low in language.subjects:
            continue  # "I don't book by phone": told, not asked
        found.append(Asking(at, True, token.base or token.low, acting))
    return found


def _withheld(tokens: tuple[Token, ...], said: set[str]) -> list[Asking]:
    """Acts that are ruled out by who does them, by their noun, or in the passive voice."""
    if said.isdisjoint(_SELVES) and said.isdisjoint(_NEGATED) and "no" not in said:
        return []
    found = []
    for at, token in enumerate(tokens):
        if token.low == "word" and at and (tokens[at - 1].low == "no" or _not_a(tokens, at)):
            found.append(Asking(at, True, "tell", _TELLING))  # "not a word to the press"
        verb = token.base or token.low
        acting = (token.licenses or licenses(act_of(singular(token.low)))) - _READING
        if token.quoted or not acting:
            continue
        own = _by_oneself(tokens, at) and not _SELVES.isdisjoint(t.low for t in tokens[at : at + 1 + MAX_ASKED])
        if own or _none_of_it(tokens, at) or _denied(tokens, at):
            found.append(Asking(at, True, verb, acting))
    return found


def _ends(tokens: tuple[Token, ...], at: int) -> bool:
    return at + 1 == len(tokens) or tokens[at + 1].mark or tokens[at + 1].low in ("and", "now", "please", "too", "from")


def _in_question(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether the verb stands in what is asked about: "check whether it can be shipped"."""
    for token in reversed(tokens[max(0, at - MAX_ASKED) : at]):
        if token.mark or token.low in ("and", "then"):
            return False
        if token.low in ("if", "whether"):
            return True
    return False


def position(tokens: tuple[Token, ...], at: int, language: Lexicon, asks: bool) -> bool | None:
    """Whether the verb there asks for something: True surely, False perhaps, None not."""
    token = tokens[at]
    before = tokens[at - 1] if at else None
    prior = before.low if before and not before.quoted else ""
    earlier = tokens[at - 2].low if at > 1 else ""
    if (prior in _NOT and earlier != "if") or (earlier in _NOT and prior in language.modals):
        return None  # but "if not, call her"
    if _purposed(tokens, at, prior, earlier) or _by_oneself(tokens, at) or _denied(tokens, at):
        return None  # "so that she can vote", "I'll post it myself", "must not be told"
    if prior == "to" and (earlier in _WONDERING or earlier in _NOTHING or earlier in _THEY_WANT):
        return None  # "suggest what to save": to be told; "nothing to order"; "she wants to see it"
    opens = before is None or before.mark or (earlier == "if" and prior in _SETTLED)
    opens = opens or (prior in language.polite and (prior not in _ORDINALS or _begins(tokens, at - 1)))
    opens = opens or (earlier, prior) in _ADVERBIAL or _after_recipient(tokens, at, language)
    if token.text in ARROWS:
        return (at > 0 and at + 1 < len(tokens) and not _orders(tokens[at + 1])) or None
    opens = opens or (before is not None and before.text in ARROWS)
    if prior == "to" and _of_others(tokens, at - 1):
        return None  # "tell her to write it up": she writes
    if not token.known:
        wished = _participle(tokens, at, language, asks)
        if wished is None and (_listed(tokens, at, prior) or (opens and is_subject(tokens, at, language))):
            return None
        return _inflected(token.low, prior, opens, asks) if wished is None else wished
    if (token.noun and names_it(tokens, at)) or (opens and is_subject(tokens, at, language)):
        return None
    if prior in ("i", "we") and earlier in ("can", "could", "may") and at < MAX_ASKED:
        return False  # "could we move it?"
    if (
        (prior in language.determiners and not (prior in language.polite and _begins(tokens, at - 1)))
        or prior.endswith("'s")
        or (prior in language.subjects and not (at == 1 and prior in _ANYBODY))
    ):
        return None
    if asks:
        if prior in ("and", "then", "please") or (opens and before is not None):
            return True
        return False if prior == "to" else None
    if opens or prior in language.modals or prior == "you" or prior in _ANYBODY:
        return True
    if not token.low.isalpha():
        return None
    if _after_condition(tokens, at):
        return True
    if token.noun:
        return None
    return earlier in ("want", "need", "like", "love", "please") or prior in ("to", "and") or None


def _purposed(tokens: tuple[Token, ...], at: int, prior: str, earlier: str) -> bool:
    """Whether it is what others may do then, or what it is good for: "so she can vote", "so that we can drop them"."""
    before = tokens[at - 3].low if at > 2 else ""
    if prior in _MAY:
        return earlier in _OTHERS or (earlier in ("i", "we") and before in ("so", "that"))
    return prior == "to" and before == "for"  # "for her to sign"


def _by_oneself(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether the speaker says what he does himself, or later: "I'll pay it when I'm back", "I'll check the sums"."""
    if not at or not (
        tokens[at - 1].low in _OWN
        or (at > 1 and tokens[at - 1].low in ("will", "can") and tokens[at - 2].low in ("i", "we"))
    ):
        return False
    said = {token.low for token in tokens[at + 1 : at + 1 + MAX_ASKED]}
    return tokens[at].licenses == _READING or not said.isdisjoint(_SELVES) or not said.isdisjoint(_LATER)


def _denied(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether it is not to be done to somebody: "the owner mustn't be told"."""
    return (
        at > 1
        and tokens[at - 1].low == "be"
        and not _NEGATED.isdisjoint(token.low for token in tokens[max(0, at - 4) : at - 1])
    )


def _not_a(tokens: tuple[Token, ...], at: int) -> bool:
    return at > 1 and tokens[at - 1].low in ("a", "one", "single") and tokens[at - 2].low in ("not", "don't", "never")


def _none_of_it(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether an act is ruled out by its noun: "no ordering yet", "no calls please"."""
    if not at or tokens[at - 1].low != "no" or (at > 1 and tokens[at - 2].low in FINITE):
        return False  # "there is no booking"
    low, base = tokens[at].low, tokens[at].base
    if not (low.endswith("ing") or act_of(singular(low)) or licenses(base) & _TELLING):
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return after is None or after.mark or after.low in _NO_END


def _orders(token: Token) -> bool:
    """Whether a word begins an order: what stands before an arrow is then why."""
    return token.known and not token.noun


def _of_others(tokens: tuple[Token, ...], to: int) -> bool:
    """Whether the infinitive behind this "to" is what somebody else is told or asked to do."""
    for at in range(to - 2, max(-1, to - 5), -1):
        token = tokens[at]
        if token.mark or token.low in ("and", "then"):
            return False
        if token.low in _REQUESTING:
            return token.low == "remind" or _AGENTS.isdisjoint(word.low for word in tokens[at + 1 : to])
    return False


def _listed(tokens: tuple[Token, ...], at: int, prior: str) -> bool:
    """Whether a gerund is a thing among others: "(view, parking, price)"."""
    return tokens[at].low.endswith("ing") and prior not in _GERUND_AFTER and _ends(tokens, at)


def _after_condition(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether the verb begins what is to be done under a condition that no comma ends: "if it is free book it"."""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is not None and not (
        after.low in _OBJECTS or after.number or after.names or after.low == "and" or after.low in _PARTICLES
    ):
        return False
    if at > 2 and tokens[at - 1].low in _SO and tokens[at - 2].low in _OTHERS and tokens[at - 3].low in CONDITIONS:
        return True  # "if it does write to her"
    if tokens[at - 1].low in FINITE or tokens[at - 1].low in ("to", "who", "that", "which"):
        return False
    said = False
    for token in reversed(tokens[max(0, at - MAX_ASKED) : at]):
        if token.mark:
            return False
        if token.low in CONDITIONS:
            return said
        said = said or token.low in FINITE or (token.base != token.low and token.low.endswith(("s", "ed")))
    return False


def _participle(tokens: tuple[Token, ...], at: int, language: Lexicon, asks: bool) -> bool | None:
    """What has to be done to something is asked for: "two of them have to be returned", "I want it removed"."""
    low, base = tokens[at].low, tokens[at].base
    past = low.endswith(("ed", "en", "t")) or (base not in ("", low) and not low.endswith(("s", "ing")))
    if asks or not past or _in_question(tokens, at):
        return None
    prior = [token.low for token in tokens[max(0, at - MAX_APART) : at]]
    if prior[-2:] == ["to", "be"] and prior[-3:-2] and prior[-3] in _OBLIGED:
        return True
    if prior[-2:] in (["must", "be"], ["should", "be"]):
        return True
    if _caused(tokens, at, language):
        return True  # "get it paid"
    return False if _ends(tokens, at) and not _WISHED.isdisjoint(prior) else None


def _caused(tokens: tuple[Token, ...], at: int, language: Lexicon) -> bool:
    """Whether somebody is to have it done: "get the invoice approved", not "I get paid"."""
    for start in range(at - 2, max(-1, at - MAX_APART), -1):
        if tokens[start].mark or tokens[start].low in ("and", "that", "which", "who"):
            return False
        if tokens[start].low in _CAUSING:
            return bool(position(tokens, start, language, False))
    return False


def _begins(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a clause begins with this word: "first cancel it", not "the first order"."""
    return at == 0 or tokens[at - 1].mark or tokens[at - 1].low in ("and", "then", "but", "please")


def _after_recipient(tokens: tuple[Token, ...], at: int, language: Lexicon) -> bool:
    """Whether a clause opens with whom it is for: "and to each user write …"."""
    for start in range(max(0, at - 4), at - 1):
        if tokens[start].low in language.recipients and (
            start == 0 or tokens[start - 1].mark or tokens[start - 1].low in ("and", "then")
        ):
            return tokens[at].low.isalpha() and not tokens[at].noun
    return False


def _inflected(low: str, prior: str, opens: bool, asks: bool) -> bool | None:
    """A gerund or participle asks at most perhaps: "starting the engine would be appreciated"."""
    if low.endswith("ing") and (opens or prior in _GERUND_AFTER):
        return False
    return False if prior in _PASSIVE_AFTER and low.endswith(("ed", "en", "t")) and not asks else None
