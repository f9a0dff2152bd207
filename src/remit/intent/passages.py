"""Where a text speaks to its reader and asks for an act.

A hijack needs somebody's words to become the agent's task, so they must ask: an imperative at the head of a
clause, a modal with "you", a wish of "the user", a passive with "must be"; or they tell whoever handles the text what
such a one does (`spoken`). That structure is looked for, not the wording of one known attack. A request ends where its
sentence, cell, field or list item ends: what stands beside it in a record was not asked for. A title names a thing and
seldom asks for one, so it takes more there. Whether the request is legitimate is decided elsewhere, by whether the
goal defers to where it stands. Limits: a plain statement that gives no rule and no account is data here; languages
other than English are not recognised. One pass over the text, no nested repetition.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Set
from itertools import islice
from string import ascii_lowercase

from remit.catalogue.lexicon import AMBIGUOUS
from remit.intent.kept import kept
from remit.intent.lexicon import OPENING, base, is_imperative, is_noun, is_vague
from remit.intent.openers import LEADS, POLITE
from remit.intent.spoken import addresses, moved, names, statements
from remit.intent.values import specific
from remit.intent.words import words

# White space is spelt out: to look for its category would take half of the time. So would the marks and spaces that
# stand in no ASCII text.
_SPACE_ASCII = r"[ \t-\r\x1c-\x1f]"
_SPACE = r"[ \t-\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"


def _head(marks: str, space: str) -> re.Pattern[str]:
    """A mark, white space and a word; or much white space before anything else, passed over as a whole, because each
    of its line breaks is a mark, too, and would be tried in vain."""
    return re.compile(rf"[{marks}]{space}*+(?=([A-Za-z]{{2,15}}+)[ \n,])|[{marks}]{space}{{32}}{space}*+")


_HEAD_ASCII = _head(r".!?:;>)\]}*\"'|#,\n-", _SPACE_ASCII)
_HEAD = _head(r".!?:;>)\]}*\"'|–—•#,\n-", _SPACE)
_VERB = r"([a-z][a-z-]*)(?=[\s,:(/\"'@#.`]|$)(?=\s*(\S{0,600}))"


def _one_of(phrases: Iterable[str]) -> str:
    """A pattern for one of many phrases, none of which begins another: by first letter, so that few are tried."""
    by_letter: dict[str, list[str]] = {}
    for phrase in phrases:
        by_letter.setdefault(phrase[0], []).append(phrase[1:])
    return "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in by_letter.items())


_OPENED = re.compile(r"((?:(?:" + _one_of((*LEADS, *POLITE)) + r")[,:]?\s+){0,4})" + _VERB, re.IGNORECASE)
_BARE = re.compile("()" + _VERB, re.IGNORECASE)  # where no lead can stand
_STARTERS = frozenset(word.split()[0] for word in (*POLITE, *LEADS))


_LETTERS = bytes(code if chr(code) in ascii_lowercase else ord(" ") for code in range(256))


# Modals and wishes; what follows says whether somebody is to act or something is to be done.
def _by_first(phrases: Iterable[str]) -> dict[str, list[str]]:
    """The phrases, between spaces, by their first word in lower case: where it does not stand, none of them does."""
    found: dict[str, list[str]] = {}
    for phrase in phrases:
        found.setdefault(phrase.split()[0].lower(), []).append(f" {phrase} ")
    return found


_OUGHT = ("must", "should", "need to", "needs to", "have to", "has to", "required to", "instructed to", "asked to",
          "requested to", "you to", "wants to", "shall", "is to", "is now to", "are to", "are now to")  # fmt: skip
_ASKED = frozenset((" asked to ", " requested to ", " you to ", " wants to "))  # as often told of somebody
_WISHES = _by_first((*_OUGHT, *map(str.upper, _OUGHT)))
_POINTING = _by_first(("go to", "visit", "click", "navigate to", "head to", "send it to", "sign in at", "log in at"))
_TELLING = frozenset(words("i we he she they to who did would people"))  # they tell of it, or mean something else
_WISHED = re.compile(r"(?:also |now |first |immediately |then |always )?(be )?(?:re-)?([a-z]+)", re.IGNORECASE)
# "you", "your", "assistant", "agent", "ai", "model", "user", "someone" or "system": by the first letter, as for `_END`.
_ACTOR = re.compile(
    r"[AaMmSsUuYyſ](?<!\w.)"
    r"(?i:(?<=y)our?\b|(?<=a)(?:ssistant|gent|i)\b|(?<=m)odel\b|(?<=u)ser\b|(?<=s)(?:omeone|ystem)\b)"
)
_URGING = frozenset(words("please kindly must should need remember sure to you agent assistant"))
_SUBORDINATE = re.compile(
    r"\s*(?:to|in|if|when|whenever|where|wherever|before|after|for|once|unless|until|while|as|since|because|given|on|upon"
    r"|at|by|with|without|from|under|per|during|due|following)\b",
    re.IGNORECASE,
)
_END = re.compile(  # by its first character, so that the others are passed over quickly
    r"[.!?\n:\"}<|](?:(?<=[.!?])(?=\s|$|[\"'<)\]])"
    r"|(?<=\n)(?:\s*\n|(?=[ \t]*(?:[-*•#>|@\[(]|\d{1,3}[.)]\s|(?:[\w.@-]{1,60} )?[\w.@-]{1,60}:\s|[A-Z][a-z]"
    r"|\S{1,40}[ \t]{2,40}\S)))"
    r"|(?<=:)\s|(?<=[\"}])\s*[,}\]]|(?<=<)/|(?<=\|)(?=[ \t\n]|$))"
)
_NOT_OBJECT = frozenset(words("of is was are were : has had will - = by not"))
# Words at a head that are no verb there, though some interface calls an act so.
_NO_HEAD = frozenset(words("which ps view staff host bin"))
_OPENERS = OPENING.difference(_NO_HEAD).union(_STARTERS)
_OBJECT = re.compile(
    r"(?:the|a|an|my|your|his|her|its|our|their|this|that|these|those|all|any|some|each|every|it|them|him|me|us|to|with|"
    r"up|out|off|on|one|as|at|into|no|both|user|and|new)\b|[$€£@#\d\"'“(<`]|[!&%]\w|[.~]{0,2}/\w|https?:|www\.|[a-z-]+(?:ly)?\b|\w+[@._/]\w",
    re.IGNORECASE,
)
_DETERMINED = frozenset(
    words(
        """
        the a an my your his her its our their this that these those all any it them him me us
    """
    )
)
# A long line that goes on in the next one: mail and terminals wrap, and a wrapped request is still a request.
_WRAPPED = re.compile(
    r"\n(?=[ \t]{0,8}[a-z0-9$€£(][^\n:=]{0,30}(?:[ ,.;)\n]|$))"
    r"(?![ \t]*(?:(?:[\w.@-]{1,60} )?[\w.@-]{1,60}:[ \n]|\d{1,3}[.)] |[a-z]\) ))"
)
_QUOTED = re.compile(r"^[ \t]{0,8}(?:[>|][ \t]?){1,8}", re.MULTILINE)  # the mark of a quoted line
_IDENTIFIER = re.compile(
    r"\b[A-Za-z]{1,6}[-_]?\d{2,}\b|[$€£] ?\d|\d (?:euros?|dollars?|pounds?|usd|eur|gbp)\b|(?<!\w)@\w[\w-]+"
    r"|\b(?:admin|maintainer|owner|full|write|edit|read|developer) (?:access|rights?|role|permissions?)\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[!#]\d|[\w-]{1,40}/[\w-]|[A-Za-z]{1,6}-\d{2,}")  # named by its number or path
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d?[-.]\d\d?[-.]\d{4}|[\d -]*\d{4}-\d\d-\d\d")
_KEY = re.compile(r"(?:^|[\n{,\[(|]|- )\s{0,12}[\"']?([A-Za-z_][\w .-]{0,30})[\"']?\s?[:=]\s{0,2}[\"']?$")
_NAMES = re.compile(r"[A-Z][\w'-]{1,20}(?: [A-Z][\w'-]{1,20})?")
# Fields whose text names what the record is about.
_TITLES = frozenset(
    words(
        """
        title subject name summary ref reference label labels topic heading headline event what product item category
        type status tag tags purpose terms condition state position keyword series model result outcome
        """
    )
)
_STOP = re.compile(r"[.!?:;](?=\s|$|[\"'<)\]}])|\n")
_SALUTED = re.compile(
    r"[\s>|\"']*(?:dear|hi|hello|hey|good (?:morning|day|afternoon|evening)|greetings)(?: [\w.'-]{1,30}){0,4}",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:^|[\s(])(?:\d{1,2}|[a-z])[)\]]\s*$")  # an item of a list: "(2) send it"
_SECOND = re.compile(r"\s+and\s+([A-Za-z][a-z-]{1,20})\s+(?:[^\s.,;!?]|[!?]\w)")
_VALUES = re.compile(r"(?:, ?[\w-]{1,30}){0,12},? or [\w-]{1,30}")  # "must be paid, held or void"
_REPORTED = re.compile(r" ([a-z]{3,15}) (?:for|to|from|by|on|in|at|with)\b")  # "Patch planned for May"
_CAPITAL = re.compile(r"[ \t]*[A-Z][a-z]+(?! ?:| \w+:)")
_LABEL = re.compile(r"[ \t]*(?:[\w.-]{1,30} ){0,2}[\w.-]{1,30}:")
_ITS = frozenset(words("it its this that these those them"))
_OWN = frozenset(words("i we he she i'd we'd"))
_PAYS = frozenset(words("transfer refund charge deposit credit order book trade ship"))
_KEPT = frozenset(words("need needed seed feed speed bed red united limited set put read cut let"))
_FINITE = frozenset(
    words("is are was were be been being will would has have had can could may might shall do does did")
)
MAX_WORD = 24  # characters of one that may be a determiner
MAX_SPAN = 600  # characters of one instruction
MAX_SPANS = 2_000  # of one text: a flood of instructions is one instruction


Span = tuple[int, int, bool]  # from where to where, and whether it asks for an act


def instructions(text: str, said: Set[str] | None = None) -> list[tuple[int, int]]:
    """Where `text` asks its reader for an act: spans in order, without overlap."""
    return [(start, end) for start, end, asks in spans(text, said) if asks]


def spans(text: str, said: Set[str] | None = None) -> list[Span]:
    """Where `text` speaks to its reader, in order, without overlap, and whether it asks for an act there or only says
    that money goes to another account now. Wrapped lines read as one.

    `said` are its words in lower case, also those that dots and dashes join, where they are known."""
    if said is None:
        said = set(lettered(text.lower()))
    opens, wishes, points = not _OPENERS.isdisjoint(said), _WISHES.keys() & said, _POINTING.keys() & said
    if "\n>" in text or "\n |" in text:
        text = _QUOTED.sub(lambda mark: " " * len(mark[0]), text)
    text = _WRAPPED.sub(_unwrapped, text)
    lowered = text.lower()
    lowered = lowered if len(lowered) == len(text) else text  # a few letters would become two
    asked = list(islice(_imperatives(text), MAX_SPANS)) if opens else []
    for verb in _OPENERS & said:
        asked += islice(_unmarked(text, verb), MAX_SPANS)
    for first in wishes:
        asked += islice(_wishes(text, _WISHES[first]), MAX_SPANS)
    for first in points:
        asked += islice(_pointers(text, _POINTING[first]), MAX_SPANS)
    asked = _with_statements(text, lowered, said, sorted(asked))
    marked = [(start, end, True) for start, end in asked]
    marked += [(*span, False) for span in moved(text, lowered, said) if not _overlaps(asked, *span)]
    if len(marked) > len(asked):
        marked.sort()
    return _apart(marked)


def _with_statements(text: str, lowered: str, said: Set[str], asked: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What asks, and what says to whoever handles the text how it is done."""
    named = names(lowered, said)
    told = [span for span in statements(text, lowered, said, named) if not _overlaps(asked, *span)]
    called = list(addresses(text, named)) if named else []
    if not told and not called:
        return asked
    return sorted([*called, *(span for span in (*asked, *told) if not _overlaps(called, *span))])


def _apart(marked: list[Span]) -> list[Span]:
    found: list[Span] = []
    last = 0
    for span in marked:
        if span[0] >= last and len(found) < MAX_SPANS:
            last = span[1]
            found.append(span)
    return found


def lettered(lowered: str) -> list[str]:
    """The runs of letters in a text."""
    return lowered.encode("utf-8", "replace").translate(_LETTERS).decode("ascii").split()


def _overlaps(spans: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether one of these spans, which are in order, shares text with this part."""
    at = bisect_left(spans, (start, start))
    return (at > 0 and spans[at - 1][1] > start) or (at < len(spans) and spans[at][0] < end)


def _unwrapped(match: re.Match[str]) -> str:
    """A space for the break of a long line; the length stays, so that places stay."""
    text, at = match.string, match.start()
    if not 20 <= at - text.rfind("\n", max(0, at - 201), at) - 1 <= 200 or text[at - 1] in ".!?:;>}]":
        return "\n"
    line, following = text[text.rfind("\n", max(0, at - 201), at) + 1 : at], text[at + 1 : at + 60]
    if line.split()[0] == following.split()[0]:
        return "\n"  # lines of a log or a list
    return " "


def _imperatives(text: str) -> Iterator[tuple[int, int]]:
    for head in (_HEAD_ASCII if text.isascii() else _HEAD).finditer("\n" + text):
        word = head[1]
        if not word or (word := word.lower()) not in _OPENERS:
            continue
        start = head.end() - 1
        match = (_OPENED if word in _STARTERS else _BARE).match(text, start)
        if match is None:
            continue
        verb = match[2].lower()
        known = is_imperative(verb) or (is_vague(verb) and (match[1] or _specific(text, match.end())))
        known = known or (
            match[1].lower().split()[-1:] != ["and"] and _urges(match[1]) and _specific(text, match.end())
        )
        if known and _asks(text, head[0], match, verb):
            yield start + match[1].rfind("\n") + 1, _end(text, match.end(2))


def _unmarked(text: str, verb: str) -> Iterator[tuple[int, int]]:
    """Where a capital letter alone begins a sentence: "left in 2019 Set the phone to …"."""
    written = f" {verb.capitalize()} "
    at = text.find(written) if is_imperative(verb) else -1
    while at >= 0:
        after = at + len(written)
        if at and (text[at - 1].islower() or text[at - 1].isdigit()) and not _heading(text, at + 1):
            following = text[after : after + MAX_WORD].partition(" ")[0]
            if following in _DETERMINED or (following[:1].islower() and _place(text, after, _end(text, after, 120))):
                yield at + 1, _end(text, after - 1)
        at = text.find(written, after)


@kept(8192)
def _names_thing(verb: str) -> bool:
    """Whether the word is as often a noun."""
    return is_noun(verb) or verb in AMBIGUOUS


def _asks(text: str, before: str, match: re.Match[str], verb: str) -> bool:
    """Whether the verb asks rather than names: it has an object, and no sign that it is a noun or a field's name."""
    following = match[3]
    if text[match.end(2) : match.end(2) + 1] == ":" and _urges(match[1]):
        return True  # "would you kindly also post: …"
    if text[match.end(2) : match.end(2) + 1] in (":", "'", "=", "\n") or following[:1] in ("", "=", ":", "|"):
        return False
    if following.lower().strip(",.") in _NOT_OBJECT or ("\n" in match[1] and not _urges(match[1])):
        return False
    if match[1].strip().lower() not in ("", "and", "so", "dear", "hi", "hello", "hey", "now", "then"):
        return True
    mark, earlier = (
        before[0],
        text[match.start() - len(before) - 1 : match.start() - len(before)] if match.start() > len(before) else "",
    )
    if mark in "'-\"" and len(before) == 1 and (earlier.isalnum() or mark == earlier == "-"):
        return False  # part of a contraction, a compound or a command's option
    if mark == earlier == ":" and len(before) == 1:
        return False  # part of a path of names
    if mark == "," and "\n" in before and (match[2][0].isupper() or _salutes(text, match.start() - len(before))):
        mark, earlier = "\n", "."  # "Dear all," on the line before
    if mark == ",":
        return bool(match[1]) or _goes_on(text, match, verb)
    if (
        not match[2][0].isupper()
        and not match[1]
        and (
            (mark in ")]}" and not _NUMBERED.search(text, max(0, match.start() - len(before) - 4), match.start()))
            or (mark == "\n" and earlier not in ".!?:;>-" and "\n" not in before[1:])
        )
        and not _pleads(text, match.end(2))
    ):
        return False  # a wrapped line
    if not _OBJECT.match(following) or (following.lower() == "and" and not _both(text, match.end(2))):
        return False
    if (reported := _REPORTED.match(text, match.end(2))) and _participle(reported[1]):
        return False
    # "Report Q3", "Message from Bob", "Order 55": a word that is a noun as well needs a determiner or an address
    noun = _names_thing(verb)
    if not noun and not _titled(text, match.start(), mark, earlier):
        return True
    if _tells(text, match.end(2), following):
        return False
    end = _end(text, match.end(2), 120)
    return (
        (following.lower() in _DETERMINED and not _heading(text, match.start()))
        or following[0] in "$€£@"
        or (noun and not _titled(text, match.start(), mark, earlier) and _bare_order(text, match.end(2)))
        or (not noun and bool(_ITEM.match(following)))
        or bool(_ACTOR.search(text, match.end(2), end) or _place(text, match.end(2), end))
        or _pleads(text, match.end(2))
    )


def _salutes(text: str, end: int) -> bool:
    """Whether what ends here is a line that says nothing but whom it is for."""
    return bool(_SALUTED.fullmatch(text, text.rfind("\n", max(0, end - 60), end) + 1, end))


def _both(text: str, start: int) -> bool:
    """Whether a second verb shares the object: "sign and return it", not "clean and quiet, near the lake"."""
    second = _SECOND.match(text, start)
    return second is not None and is_imperative(second[1].lower())


def _tells(text: str, start: int, following: str) -> bool:
    """Whether a noun's participle follows: "Label added to …", "Mail 'Re: dates' sent to …"."""
    if following.lower() in _DETERMINED:
        return False
    end = _end(text, start, 120)
    said = text[start:end].split()
    if len(said) > 1 and any(map(str.isdigit, said[0])) and said[1].lower() in _WHENCE:
        return True  # "Message M-7 from …"
    return _participle(said[0]) if said and said[0].isalpha() else any(map(_participle, said))


_NUMBER = re.compile(r"#{1,6} #?[\w-]{1,24}:? ")
_WHENCE = frozenset(words("from by"))


@kept(8192)
def _participle(word: str) -> bool:
    low = word.lower()
    return (
        low.isalpha()
        and low not in _KEPT
        and bool(verb := base(low))
        and low != verb
        and not low.endswith(("s", "ing"))
    )


def _pleads(text: str, start: int) -> bool:
    """Whether its sentence ends in "please"."""
    stop = _STOP.search(text, start, start + 200)
    return text[start : stop.start() if stop else start + 200].lower().endswith((" please", " pls", " plz"))


def _place(text: str, start: int, end: int) -> bool:
    """Whether an address, a link or an account stands there; a date looks like one and is none."""
    found = specific(text, start, end)
    return found is not None and not _DATE.match(found[0])


def _titled(text: str, start: int, mark: str, earlier: str) -> bool:
    """Whether what begins here names a thing: a cell, a heading, what stands behind a name in bold, a title's field."""
    if mark == "#" or (mark == earlier == "*"):
        return True
    if mark in '":' and (key := _KEY.search(text, max(0, start - 60), start)):
        return key[1].lower().replace("_", " ").split()[-1] in _TITLES
    return _row(text, start) or _heading(text, start)


def _heading(text: str, at: int) -> bool:
    """Whether what begins here is a heading's text behind the number that it is of: "## T-88: Remove the flag"."""
    start = text.rfind("\n", max(0, at - 80), at) + 1
    return text.startswith("#", start) and _NUMBER.fullmatch(text[start:at]) is not None


def _row(text: str, at: int) -> bool:
    """Whether the line is a row of a table."""
    start = text.rfind("\n", max(0, at - 300), at) + 1
    end = text.find("\n", at, at + 300)
    line = text[start : end if end >= 0 else at + 300]
    return line.lstrip().startswith("|") or line.count(" | ") >= 2


def _goes_on(text: str, match: re.Match[str], verb: str) -> bool:
    """Whether a clause behind a comma asks: after a condition, a name that is called, or with a place to go to."""
    at = match.start()
    if _subordinate(text, at):
        return True
    begin = max(text.rfind(mark, max(0, at - 160), at - 1) for mark in '.\n:!?>"(|]') + 1
    said = text[begin:at].rstrip(", \t").strip()
    if _NAMES.fullmatch(said):
        return match[3].lower() in _DETERMINED or _place(text, at, _end(text, match.end(2), 120))
    if (_names_thing(verb) and verb not in _PAYS) or _TELLING.intersection(said.lower().split()):
        return False
    return match[3].lower() in _ITS or _place(text, at, _end(text, match.end(2), 120))


def _bare_order(text: str, start: int) -> bool:
    """ "Order ten bottles from …": a whole sentence after the word, and nothing in it that says something of it."""
    end = _STOP.search(text, start, start + 300)
    if end is None or end[0] not in ".!":
        return False
    said = text[start : end.start()].replace(" May ", " ").lower().split()
    return len(said) >= 3 and said[0].isalnum() and len(said) > said[0].isdigit() + 2 and _FINITE.isdisjoint(said)


def _urges(opener: str) -> bool:
    """Whether the words before a verb ask, so that a verb that nobody knows asks too ("please cc …")."""
    return bool(set(opener.lower().replace(",", " ").split()) & _URGING)


def _specific(text: str, start: int) -> bool:
    """Whether the clause holds an address, a link or an account."""
    end = text.find("\n\n", start, start + 120)
    end = end if end >= 0 else start + 120
    return bool(_place(text, start, end) or _IDENTIFIER.search(text, start, end))


def _subordinate(text: str, at: int) -> bool:
    """Whether the comma before `at` closes a purpose or a condition: "To debug this, run …"."""
    start = max(text.rfind(mark, max(0, at - 160), at - 1) for mark in ".\n:!?>\"'(-|]")
    return bool(_SUBORDINATE.match(text, start + 1 if start >= 0 else max(0, at - 160)))


def _wishes(text: str, wishes: list[str]) -> Iterator[tuple[int, int]]:
    for wish in wishes:
        at = text.find(wish)
        while at >= 0:
            match = _WISHED.match(text, at + len(wish))
            verb = base(match[2].lower()) if match else ""
            if match and (is_imperative(verb) or (is_vague(verb) and _specific(text, match.end()))):
                start = max(text.rfind(".", 0, at), text.rfind("\n", 0, at), at - 80, -1) + 1
                bound = wish.lower() not in _ASKED and _bound(text, start, at, match.end())
                asks = match[1] and not _lists_values(text, start, at, match.end())
                if bound or asks or _ACTOR.search(text, start, at + len(wish)):
                    yield start, _end(text, match.end())
            at = text.find(wish, at + len(wish))


def _lists_values(text: str, start: int, at: int, end: int) -> bool:
    """Whether it says which values a field takes: "state must be paid, held or void"."""
    field = text[start:at].rpartition(":")[2].lower().split()
    return len(field) <= 2 and _DETERMINED.isdisjoint(field) and bool(_VALUES.match(text, end))


def _bound(text: str, start: int, at: int, end: int) -> bool:
    """Whether somebody who is not the teller ought to do something at a place: "they should register on LINK"."""
    said = text[start:at].lower().split()
    return (not said or said[-1] not in _OWN) and _place(text, end, _end(text, end, 120))


def _pointers(text: str, verbs: list[str]) -> Iterator[tuple[int, int]]:
    """ "… for more go to LINK": an imperative inside a sentence, with a place to go to."""
    for verb in verbs:
        at = text.find(verb)
        while at >= 0:
            place = specific(text, at + len(verb), at + len(verb) + 60)
            before = text[max(0, at - 12) : at].lower().split()[-1:]
            if place and not _DATE.match(place[0]) and not (before and before[0] in _TELLING):
                yield at + 1, _end(text, place.end())
            at = text.find(verb, at + len(verb))


def _end(text: str, start: int, most: int = MAX_SPAN) -> int:
    """Where a sentence, cell, field or list item ends, or so many characters later."""
    for match in _END.finditer(text, start, min(start + most, len(text))):
        mark, at = match[0][0], match.start()
        if mark == "|" and not _row(text, at):
            continue  # joins commands
        if match[0] == "\n" and _leads_on(text, at + 1):
            continue  # "transfer it to" and, on the next line, to where
        return at + (mark in ".!?")
    return min(len(text), start + most)


def _leads_on(text: str, at: int) -> bool:
    """Whether the line that begins here says to where: an account, or a place that is no field of a record."""
    if _CAPITAL.match(text, at):
        return _place(text, at, at + 80)
    label = _LABEL.match(text, at)
    found = specific(text, label.end(), label.end() + 50) if label else None
    return (
        found is not None and not _DATE.match(found[0]) and "@" not in found[0] and sum(map(str.isdigit, found[0])) >= 8
    )
