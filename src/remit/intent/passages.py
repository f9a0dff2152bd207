"""Where a text speaks to its reader and asks for an act.

A hijack needs somebody's words to become the agent's task, so they must ask: an imperative at the head of a
clause, a modal with "you", a wish of "the user", a passive with "must be". That structure is looked for, not
the wording of one known attack. Whether the request is legitimate is decided elsewhere, by whether the goal
defers to where it stands. Limits: a request worded as a plain statement ("our account is now …") is data here;
languages other than English are not recognised. One pass over the text, no nested repetition.
"""

import re
from collections.abc import Iterable, Iterator, Set
from string import ascii_lowercase

from remit.intent.lexicon import OPENING, base, is_imperative, is_noun, is_vague
from remit.intent.values import specific
from remit.intent.words import words

_POLITE = words(
    """
        please kindly now then first firstly second secondly third next also and so finally afterwards
        just instead immediately urgently always simply assistant agent ai hey hi hello dear yes ok okay sure
    """
)
_LEADS = [
    "after that",
    "don't forget to",
    "do not forget to",
    "remember to",
    "make sure to",
    "make sure you",
    "make sure that you",
    "be sure to",
    "ensure that you",
    "ensure you",
    "you must",
    "you should",
    "you need to",
    "you have to",
    "you are to",
    "you ought to",
    "can you",
    "could you",
    "would you",
    "will you",
    "i need you to",
    "i want you to",
    "i'd like you to",
    "we need you to",
    "we ask you to",
    "your task is to",
    "the task is to",
    "your job is to",
    "go ahead and",
    "feel free to",
    "proceed to",
    "start by",
    "it is required to",
    "it is necessary to",
    "it is important to",
    "in order to",
    "i would like you to",
    "you are required to",
    "you are asked to",
]
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


_OPENED = re.compile(r"((?:(?:" + _one_of((*_LEADS, *_POLITE)) + r")[,:]?\s+){0,4})" + _VERB, re.IGNORECASE)
_BARE = re.compile("()" + _VERB, re.IGNORECASE)  # where no lead can stand
_STARTERS = frozenset(word.split()[0] for word in (*_POLITE, *_LEADS))


_OPENERS = OPENING.union(_STARTERS)
_LETTERS = bytes(code if chr(code) in ascii_lowercase else ord(" ") for code in range(256))


# Modals and wishes; what follows says whether somebody is to act or something is to be done.
def _by_first(phrases: Iterable[str]) -> dict[str, list[str]]:
    """The phrases, between spaces, by their first word: where that does not stand, nor does any of them."""
    found: dict[str, list[str]] = {}
    for phrase in phrases:
        found.setdefault(phrase.split()[0], []).append(f" {phrase} ")
    return found


_WISHES = _by_first(
    ("must", "should", "need to", "needs to", "have to", "has to", "required to", "instructed to", "asked to",
     "requested to", "you to", "wants to", "shall", "is to", "is now to")
)  # fmt: skip
_POINTING = _by_first(("go to", "visit", "click", "navigate to", "head to", "send it to", "sign in at", "log in at"))
_TELLING = frozenset(words("i we he she they to who did would people"))  # they tell of it, or mean something else
_WISHED = re.compile(r"(?:also |now |first |immediately |then |always )?(be )?([a-z]+)", re.IGNORECASE)
# "you", "your", "assistant", "agent", "ai", "model", "user", "someone" or "system": by the first letter, as for `_END`.
_ACTOR = re.compile(
    r"[AaMmSsUuYyſ](?<!\w.)"
    r"(?i:(?<=y)our?\b|(?<=a)(?:ssistant|gent|i)\b|(?<=m)odel\b|(?<=u)ser\b|(?<=s)(?:omeone|ystem)\b)"
)
_URGING = frozenset(words("please kindly must should need remember sure to you agent assistant"))
_SUBORDINATE = re.compile(r"\s*(?:to|in order to|if|when|before|after|for|once|unless|while|as)\b", re.IGNORECASE)
_END = re.compile(  # by its first character, so that the others are passed over quickly
    r"[.!?\n:\"}<](?:(?<=[.!?])(?=\s|$|[\"'<)\]])|(?<=\n)(?:\s*\n|(?=\s*[-*•]\s))|(?<=:)\s|(?<=[\"}])\s*[,}\]]|(?<=<)/)"
)
_NOT_OBJECT = frozenset(words("of is was are were : has had will - = by"))
_OBJECT = re.compile(
    r"(?:the|a|an|my|your|his|her|its|our|their|this|that|these|those|all|any|some|each|every|it|them|him|me|us|to|with|"
    r"up|out|off|on|one|as|at|into|no|both|user|and|new)\b|[$€£@#\d\"'“(<`]|[.~]{0,2}/\w|https?:|www\.|[a-z-]+(?:ly)?\b|\w+[@._/]\w",
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
_WRAPPED = re.compile(r"\n(?=[ \t]{0,8}[a-z0-9$€£(][^\n:=]{0,30}(?:[ ,.;)\n]|$))")
_QUOTED = re.compile(r"^[ \t]{0,8}(?:[>|][ \t]?){1,8}", re.MULTILINE)  # the mark of a quoted line
_IDENTIFIER = re.compile(r"\b[A-Za-z]{1,6}[-_]?\d{2,}\b|[$€£] ?\d|\d (?:euros?|dollars?|pounds?|usd|eur|gbp)\b")
_STOP = re.compile(r"[.!?:;](?=\s|$|[\"'<)\]}])|\n")
_FINITE = frozenset(
    words("is are was were be been being will would has have had can could may might shall do does did")
)
MAX_SPAN = 600  # characters of one instruction
MAX_SPANS = 2_000  # of one text: a flood of instructions is one instruction


def instructions(text: str, said: Set[str] | None = None) -> list[tuple[int, int]]:
    """Where `text` asks its reader for an act: spans in order, without overlap. Wrapped lines read as one.

    `said` are its words in lower case, also those that dots and dashes join, where they are known."""
    if said is None:
        said = set(lettered(text.lower()))
    opens, wishes, points = not _OPENERS.isdisjoint(said), _WISHES.keys() & said, _POINTING.keys() & said
    if not (opens or wishes or points):
        return []
    if "\n>" in text or "\n |" in text:
        text = _QUOTED.sub(lambda mark: " " * len(mark[0]), text)
    text = _WRAPPED.sub(_unwrapped, text)
    found = list(_imperatives(text)) if opens else []
    for first in wishes:
        found += _wishes(text, _WISHES[first])
    for first in points:
        found += _pointers(text, _POINTING[first])
    spans: list[tuple[int, int]] = []
    last = 0
    for start, end in sorted(found):
        if start >= last and len(spans) < MAX_SPANS:
            last = end
            spans.append((start, end))
    return spans


def lettered(lowered: str) -> list[str]:
    """The runs of letters in a text."""
    return lowered.encode("utf-8", "replace").translate(_LETTERS).decode("ascii").split()


def _unwrapped(match: re.Match[str]) -> str:
    """A space for the break of a long line; the length stays, so that places stay."""
    text, at = match.string, match.start()
    if not 20 <= at - text.rfind("\n", max(0, at - 201), at) - 1 <= 200 or text[at - 1] in ".!?:;>}]":
        return "\n"
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


def _asks(text: str, before: str, match: re.Match[str], verb: str) -> bool:
    """Whether the verb asks rather than names: it has an object, and no sign that it is a noun or a field's name."""
    following = match[3]
    if text[match.end(2) : match.end(2) + 1] == ":" and _urges(match[1]):
        return True  # "would you kindly also post: …"
    if text[match.end(2) : match.end(2) + 1] in (":", "'", "=", "\n") or following[:1] in ("", "=", ":", "|"):
        return False
    if following.lower().strip(",.") in _NOT_OBJECT:
        return False
    if match[1].strip().lower() not in ("", "and", "so", "dear", "hi", "hello", "hey", "now", "then"):
        return True
    mark, earlier = (
        before[0],
        text[match.start() - len(before) - 1 : match.start() - len(before)] if match.start() > len(before) else "",
    )
    if mark in "'-\"" and len(before) == 1 and earlier.isalnum():
        return False  # part of a contraction or a compound
    if mark == ",":
        return bool(match[1]) or _subordinate(text, match.start())
    if (
        not match[2][0].isupper()
        and not match[1]
        and (mark in ")]}" or (mark == "\n" and earlier not in ".!?:;>-" and "\n" not in before[1:]))
    ):
        return False  # a wrapped line
    if not _OBJECT.match(following):
        return False
    # "Report Q3", "Message from Bob", "Order 55": a word that is a noun as well needs a determiner or an address
    if is_noun(verb):
        end = match.end(2) + 120
        return (
            following.lower() in _DETERMINED
            or following[0] in "$€£@"
            or _bare_order(text, match.end(2))
            or bool(_ACTOR.search(text, match.end(2), end) or specific(text, match.end(2), end))
        )
    return True


def _bare_order(text: str, start: int) -> bool:
    """ "Order ten bottles from …": a whole sentence after the word, and nothing in it that says something of it."""
    end = _STOP.search(text, start, start + 300)
    if end is None or end[0] not in ".!":
        return False
    said = text[start : end.start()].lower().split()
    return len(said) >= 3 and said[0].isalpha() and _FINITE.isdisjoint(said)


def _urges(opener: str) -> bool:
    """Whether the words before a verb ask, so that a verb that nobody knows asks too ("please cc …")."""
    return bool(set(opener.lower().replace(",", " ").split()) & _URGING)


def _specific(text: str, start: int) -> bool:
    """Whether the clause holds an address, a link or an account."""
    end = text.find("\n\n", start, start + 120)
    end = end if end >= 0 else start + 120
    return bool(specific(text, start, end) or _IDENTIFIER.search(text, start, end))


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
                if match[1] or _ACTOR.search(text, start, at + len(wish)):
                    yield start, _end(text, match.end())
            at = text.find(wish, at + len(wish))


def _pointers(text: str, verbs: list[str]) -> Iterator[tuple[int, int]]:
    """ "… for more go to LINK": an imperative inside a sentence, with a place to go to."""
    for verb in verbs:
        at = text.find(verb)
        while at >= 0:
            place = specific(text, at + len(verb), at + len(verb) + 60)
            before = text[max(0, at - 12) : at].lower().split()[-1:]
            if place and not (before and before[0] in _TELLING):
                yield at + 1, _end(text, place.end())
            at = text.find(verb, at + len(verb))


def _end(text: str, start: int) -> int:
    match = _END.search(text, start, start + MAX_SPAN)
    return match.start() + (match[0][0] in ".!?") if match else min(len(text), start + MAX_SPAN)
