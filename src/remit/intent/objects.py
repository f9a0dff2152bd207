"""What stands behind a verb, as far as it decides what the verb asks for: where to, for whom, which of several."""

from remit.intent.lexicon import MAX_APART
from remit.intent.nouns import is_information
from remit.intent.tokens import Token
from remit.intent.words import words

_CONTAINERS = frozenset(
    words(
        """
        list calendar diary agenda board cart basket sheet spreadsheet tracker schedule planner backlog todo to-do note
        notes record file profile roster rota groceries shopping log table column folder drive channel thread chat inbox
        """
    )
)
_ONTO = frozenset(words("on onto in into to"))
_TRAVELLERS = frozenset(words("me us him her them"))
_BOOKED = frozenset(("reservation", "order"))
_ENDS_THING = frozenset(
    words(
        "at in on for from to by with near of that which who and or before after between around tomorrow today tonight"
        " please now asap again"
    )
)
_SOMEBODY = frozenset(words("him her them everyone everybody all"))
_GIVING = frozenset(words("get give need want like provide"))
_OFFERED = frozenset(words("it one option whichever whatever both"))
_LEADS_ON = frozenset(words("then please for if and unless provided thanks now"))
_WILLING = frozenset(words("can could would will wants likes minds fancies may might agrees up ok okay free happy"))


def is_chosen(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether one of several is taken: "take it", "take the cheaper one", "pick option 2"."""
    after = [token.low for token in tokens[at + 1 : at + 5]]
    if after[:1] and after[0] in _OFFERED:
        return len(after) < 2 or tokens[at + 2].mark or after[1] in _LEADS_ON or after[0] == "option"
    return "one" in after[1:] and after[0] in ("the", "that", "this")


def brought(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether somebody is to come to a place: a name or pronoun, and where to."""
    if at + 3 >= len(tokens) or tokens[at + 2].low != "to":
        return False
    who, where = tokens[at + 1], tokens[at + 3]
    return (who.low in _TRAVELLERS or (who.text[:1].isupper() and not who.names)) and (
        where.text[:1].isupper() and where.low.isalpha()
    )


def obtained(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether somebody is to have what is booked or ordered: "get us a table", not "get me the flight details"."""
    if at + 2 >= len(tokens) or tokens[at + 1].low not in _TRAVELLERS:
        return False
    head = tokens[at + 1]
    for token in tokens[at + 2 : at + 2 + MAX_APART]:
        if token.mark or token.low in _ENDS_THING:
            break
        head = token
    return head.noun and not _BOOKED.isdisjoint(head.kinds) and not is_information(head.low)


def laid_down(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether something is to get to where things are written down: "get the dates into the calendar"."""
    for place, token in enumerate(tokens[at + 1 : at + 1 + MAX_APART], at + 1):
        if token.mark:
            return False
        if token.low in _ONTO:
            return any(word.low in _CONTAINERS for word in tokens[place + 1 : place + 4])
    return False


def informs(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a vague verb asks to be told: "get me the latest figures"."""
    if tokens[at].low not in _GIVING:
        return False
    for token in tokens[at + 1 : at + 1 + MAX_APART]:
        if token.mark or token.low in ("to", "for", "from", "about", "of", "on", "onto", "in", "into"):
            break
        if is_information(token.low):
            return True
    return False


def said_to(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether it is said to somebody: "confirm to her", "suggest the later slot to Kim"."""
    for place, token in enumerate(tokens[at + 1 : at + 1 + MAX_APART], at + 2):
        if token.mark:
            return False
        if token.low == "to" or (token.low == "with" and place == at + 2):
            return place < len(tokens) and is_somebody(tokens[place])
    return False


def is_somebody(token: Token) -> bool:
    return token.low in _SOMEBODY or token.place or token.text[:1].isupper()


def asks_somebody(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether somebody has to be asked for what is to be found out: "find out whether Kim could come"."""
    for place, token in enumerate(tokens[at + 1 : at + 4], at + 2):
        if token.low in ("if", "whether"):
            named = place < len(tokens) and tokens[place].text[:1].isupper() and is_somebody(tokens[place])
            return named and any(word.low in _WILLING or word.low[-2:] == "'d" for word in tokens[place : place + 4])
    return False
