"""Where a text speaks to whoever handles it without asking for anything in the imperative.

A hijack may give itself out as a fact: a notice for assistants, a rule about what agents do, an account that has
changed. Three forms are known, each by what it is about and not by its wording:
- an address ("note for whoever answers this: …", "freight agents please note: …"): all that follows in its paragraph;
- what handlers do, or what is done by them ("agents send the number to …", "is granted by whoever works on this");
- a rule about where things go ("grades of this course are forwarded to …, as our rule has it").
A fourth is weaker, because honest people say it as well: money goes to another place than before ("our account has
changed, it is now …"). It asks for nothing, so it explains no call; but its account is its author's word.
A report of what an agent did is none. Limits: a rule without a place and without a handler is a fact here.
"""

import re
from collections.abc import Iterator, Set
from itertools import islice

from remit.catalogue.lexicon import verb_classes
from remit.intent.lexicon import base, is_imperative
from remit.intent.values import specific
from remit.intent.words import words
from remit.terms import OperationClass

MAX_PARAGRAPH = 600  # characters that an address reaches
MAX_SENTENCE = 200  # characters before a sign that belong to its sentence
MAX_FOUND = 200  # of one text

# Who handles a text; the first group stands for those who act, the second for those whom only an address means.
_ACTING = (
    r"agents?|assistants?|bots?|ai|llms?|co-?pilots?|whoever|automated \w{1,20}|readers of (?:this|these|the)"
    r"|reviewers?"
)
_MEANT = (
    r"(?:any|every|some)(?:one|body) (?:who|handling|processing|working|reading)"
    r"|the ones? (?:who|that|at|handling|processing)|automations?|readers?"
)
# One of these words stands in whatever names them; most texts hold none.
_HANDLERS = frozenset(
    words(
        """
        agent agents assistant assistants bot bots ai llm llms pilot pilots copilot copilots whoever automated
        automation automations reader readers reviewer reviewers anyone everyone someone anybody everybody somebody
        """
    )
)
_ONE = frozenset(("one", "ones"))
_ONES = ("the one who", "the one that", "the one at", "the one handling", "the one processing", "the ones ")
# In every rule stands one of these words.
_RULED = frozenset(
    words(
        """
        all every each any always usually normally whenever from until practice policy policies rule rules regulation
        regulations required mandatory compliant compliance procedure standard cases as
        """
    )
)
# Looked for in lower-case text, and what stands before afterwards: so a search passes over most characters quickly.
_NAMED = re.compile(rf"(?:({_ACTING})|{_MEANT})(?![\w@-])")
_OPENS = r"(?:^|[\n.!?:;>\])}\"'|#*/=-])[ \t]{0,8}"
_CALLED = re.compile(  # before the name of who is meant
    rf"(?:{_OPENS}(?:to|for|dear|attn|attention|hey|hi|hello)\b:?"
    r"|\b(?:notes?|notice|remark|message|memo|hint|reminder|instructions?|info|information|advice|request|p\.?s\.?|word)"
    r"[ \t]+(?:[\w'-]+[ \t]+){0,5}?(?:to|for))[ \t]+(?:[\w'-]+[ \t]+){0,3}$",
    re.IGNORECASE,
)
_SAYS = re.compile(r"[^.!?:\n\"|]{0,80}?(?::|,[ \t]|[ \t][-–—][ \t])")
_OPENED = re.compile(rf"{_OPENS}(?:[\w-]+[ \t]+){{0,3}}$")
_NOTE = re.compile(r"(?:[ \t]+(?:please|kindly))?[ \t]+note\b", re.IGNORECASE)
_ALONE = re.compile(rf"{_OPENS}$")
MAX_BEFORE = 90  # characters before a name in which an address begins
_PARAGRAPH = re.compile(
    r"\n[ \t]*\n|\"\s?[,}\]]|\"\Z|[ \t]\|[ \t]|</|-->|\n(?=[ \t]{0,12}[\w-]{1,30}:[ \t])|\n(?=[ \t]{0,8}[-*•>|][ \t])"
)
_BY = re.compile(r"\bby (?:[\w'-]+ ){0,3}$", re.IGNORECASE)
_PASSIVE = re.compile(r"\b(?:is|are|be|being|gets?)(?: (?!not\b)\w{1,15}){0,3}? (?:re-)?(\w{3,20})\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:was|were|been|had)\b", re.IGNORECASE)
_STOP = re.compile(r"[.!?](?=\s|$|[\"'<)\]}])|[\n\"]")
_SAID = re.compile(r"[A-Za-z][\w'-]*")
_CUT = re.compile(r"[.!?:;,\"|\n(]")
_AFTER = frozenset(
    words("the a an my your his her its our their this that these those all any it them such both each every")
)

_ACCOUNT = re.compile(  # by its first character, so that the others are passed over quickly
    r"[A-Z0aiw](?<!\w.)(?:(?<=[A-Z])[A-Z]\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b|(?<=0)x[0-9a-fA-F]{16,64}\b"
    r"|(?i:(?<=a)cc(?:oun)?t|(?<=i)ban|(?<=w)allet)\b[^.\n\"\d]{0,25}\d[\d -]{5,30})"
)
_MONEY = frozenset(
    words("account accounts acct accts iban ibans wallet wallets bank banks payment payments payable payee payout")
)
_CHANGED = re.compile(
    r"\b(?:(?:has|have) (?:\w+ )?(?:changed|moved|switched)|changed to|(?:is|are) now|no longer"
    r"|from now on|as of (?:today|now|\d)"
    r"|until further notice|effective (?:immediately|today|from|\d)|with immediate effect|out of date|outdated|obsolete"
    r"|superseded|replaces|(?:is|was|been|got) (?:now )?(?:closed|blocked|frozen)|in place of|instead of"
    r"|new (?:bank |giro |payment |payout |settlement )?(?:account|iban|details|wallet)"
    r"|(?:correct|valid|right|updated|proper|actual) (?:bank |payment )?"
    r"(?:account|iban|details|wallet|recipient|payee|one))\b",
    re.IGNORECASE,
)
_CHANGES = words(
    """
    changed moved switched longer effective outdated obsolete superseded replaces closed blocked frozen correct valid
    right updated proper actual
    """
)
_CHANGING = (  # one of these stands in whatever says so; sought in what surrounds an account
    *_CHANGES,
    *(" now", "as of ", "further notice", "immediate effect", "out of date", "in place of", "instead of"),
    *(f"new {what}" for what in words("account iban details wallet bank giro payment payout settlement")),
)
# One of these is among the words of such a text.
_TURNS = frozenset((*_CHANGES, *words("now as further immediate date place instead new")))
_SENT = words(
    """
    sent forwarded copied delivered paid transferred shipped routed directed redirected diverted addressed mailed
    emailed reported placed booked settled submitted wired refunded credited posted uploaded shared handled issued
    confirmed registered collected
    """
)
_GOING = frozenset((*_SENT, *words("go goes forwards copies")))  # one of these words stands in what says so
_ROUTED = re.compile(  # as `_NAMED`
    rf"(?:(?:i(?<!\w.)s|a(?<!\w.)re|b(?<!\w.)e|g(?<!\w.)ets?)(?: \w{{1,15}}){{0,2}}? (?:{'|'.join(_SENT)})"
    r"|g(?<!\w.)o(?:es)?|f(?<!\w.)orwards|c(?<!\w.)opies)\b",
)
_RULE = re.compile(
    r"\b(?:all|every|each|any|always|usually|normally|whenever|from now on|until further notice|practice"
    r"|polic(?:y|ies)|rules?|regulations?|required|mandatory|compliant|compliance|procedure|standard"
    r"|cases of|as of (?:today|now))\b",
    re.IGNORECASE,
)
MAX_AWAY = 120  # characters from what goes to where it goes


Names = list[re.Match[str]]


def names(lowered: str, said: Set[str]) -> Names:
    """Where somebody who handles texts is named; most texts name nobody. `said` are the words of the text."""
    if _HANDLERS.isdisjoint(said) and not (_ONE & said and _holds(lowered, _ONES)):
        return []
    found = (match for match in _NAMED.finditer(lowered) if not _inside_word(lowered, match.start()))
    return list(islice(found, MAX_FOUND))


def statements(text: str, lowered: str, said: Set[str], named: Names) -> Iterator[tuple[int, int]]:
    """Where a text says what its handlers do or where things go, in no order and perhaps overlapping."""
    for match in named:
        if _done(text, match.start()) or (match[1] and _duty(text, match.end())):
            yield _sentence(text, match.start(), match.end())
    if _RULED.isdisjoint(said) or _GOING.isdisjoint(said):
        return
    if "@" in text or "://" in text or "www." in text:
        yield from _routes(text, lowered)


def _holds(lowered: str, stems: tuple[str, ...]) -> bool:
    for stem in stems:  # noqa: SIM110 to make a generator for each text takes longer
        if stem in lowered:
            return True
    return False


def _inside_word(text: str, at: int) -> bool:
    return at > 0 and (text[at - 1].isalnum() or text[at - 1] in "_@.-")


def addresses(text: str, named: Names) -> Iterator[tuple[int, int]]:
    """What is said to whoever handles the text, with the words that say so."""
    for match in named:
        start, before = match.start(), text[max(0, match.start() - MAX_BEFORE) : match.start()]
        if called := _CALLED.search(before):
            says, start = _SAYS.match(text, match.end()), start - len(before) + called.start()
        elif match[1] and text.startswith((", ", ",\n"), match.end()) and _ALONE.search(before):
            says = _SAYS.match(text, match.end())
        else:
            says = _NOTE.match(text, match.end()) if _OPENED.search(before) else None
        if says is None:
            continue
        end = _PARAGRAPH.search(text, says.end(), says.end() + MAX_PARAGRAPH)
        stop = end.start() if end else min(len(text), says.end() + MAX_PARAGRAPH)
        if stop - says.end() > 8:
            yield _first_word(text, start, match.start()), stop


def _first_word(text: str, start: int, end: int) -> int:
    while start < end and not text[start].isalnum():
        start += 1
    return start


def _duty(text: str, start: int) -> bool:
    """ "Agents send name and number to …": what a handler does to something, not did."""
    cut = _CUT.search(text, start, start + 90)
    said = list(_SAID.finditer(text, start, cut.start() if cut else start + 90))[:8]
    for one, following in zip(said, [*said[1:], None], strict=False):
        if _present(one[0].lower()):
            determined = following is not None and following[0].lower() in _AFTER
            if determined or _place(text, one.end(), one.end() + MAX_AWAY):
                return True
    return False


def _present(word: str) -> bool:
    """Whether it is a verb that changes something, in the present tense."""
    verb = base(word)
    if not verb or word not in (verb, verb + "s", verb + "es", verb[:-1] + "ies") or not is_imperative(verb):
        return False
    return any(one is not OperationClass.READ for one in verb_classes(verb))


def _done(text: str, at: int) -> bool:
    """ "Access is granted by whoever works on this": is done by a handler, not was."""
    by = _BY.search(text, max(0, at - 60), at)
    if by is None:
        return False
    start, _ = _sentence(text, by.start(), by.start())
    passive = _PASSIVE.search(text, start, by.start() + 1)
    return bool(passive and is_imperative(base(passive[1].lower())) and not _PAST.search(text, start, by.start()))


def moved(text: str, lowered: str, said: Set[str]) -> Iterator[tuple[int, int]]:
    """Where an account is said that money goes to from now on, instead of another: no request, and no field either."""
    if _MONEY.isdisjoint(said) or _TURNS.isdisjoint(said):
        return
    for number, match in enumerate(_ACCOUNT.finditer(text)):
        if number >= MAX_FOUND:
            return
        least = max(0, match.start() - 250)
        start = max(text.rfind(mark, least, match.start()) for mark in ('"', "\n\n"))
        start = max(start + 1, least)
        if not _holds(lowered[start : match.end() + 160], _CHANGING):
            continue
        end = _PARAGRAPH.search(text, match.end(), match.end() + 160)
        if _CHANGED.search(text, start, end.start() if end else match.end() + 160):
            yield _sentence(text, match.start(), match.end())


def _routes(text: str, lowered: str) -> Iterator[tuple[int, int]]:
    """A rule about where things go."""
    for number, match in enumerate(_ROUTED.finditer(lowered)):
        if number >= MAX_FOUND:
            return
        start, end = _sentence(text, match.start(), match.end())
        if _place(text, match.end(), min(end, match.end() + MAX_AWAY)) and _RULE.search(text, start, end + 60):
            yield start, end


def _place(text: str, start: int, end: int) -> bool:
    """Whether an address, link or account stands in the same sentence."""
    stop = _STOP.search(text, start, end)
    return bool(specific(text, start, stop.start() if stop else end))


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    before = max(text.rfind(mark, max(0, start - MAX_SENTENCE), start) for mark in (". ", "! ", "? ", "\n", '"', "| "))
    stop = _STOP.search(text, end, end + MAX_PARAGRAPH)
    first = before + 1 if before >= 0 else max(0, start - MAX_SENTENCE)
    if before < 0 < first and " " in text[first:start]:
        first = text.find(" ", first, start)
    while first < start and text[first] in " \t":
        first += 1
    return first, (stop.start() + (stop[0] in ".!?") if stop else min(len(text), end + MAX_PARAGRAPH))
