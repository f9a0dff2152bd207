"""How a sentence asks: its words, whether it is a question, and which of its verbs ask for something.

No parser stands behind it: what decides is the word before a verb, and the one before that. A word is read once and
kept, because goals and mails use the same few thousand words. The text may be an outsider's: linear, no nested
repetition, tables bounded.
"""

import re
from functools import lru_cache
from itertools import islice

import msgspec

from remit.intent.lexicon import MAX_APART, Lexicon, act_of, base, is_noun, is_vague, kinds, licenses, phrasal
from remit.intent.values import is_specific
from remit.intent.words import words
from remit.terms import OperationClass

_PLAIN = r"[$€£#@]?\w(?:[\w.@:/%+#&=?~-]*[\w/%])?(?:'\w+)?|[,:()]"
_QUOTED = r"\"[^\"\n]{1,300}\"|(?<!\w)'[^'\n]{1,300}'(?!\w)|[“‘][^”’\n]{1,300}[”’]|`[^`\n]{1,300}`"
_WORD = re.compile(_PLAIN)
_WORD_OR_QUOTED = re.compile(f"({_QUOTED})|{_PLAIN}")
_QUOTE = re.compile(r"[\"“‘`]|(?<!\w)'")
_MARKS = frozenset(",:()")
_NAMED = re.compile(r"[\d@/_]|\w\.\w")  # in tokens that name one thing: a code (with a digit), address, path, file
_NOT = frozenset(words("not don't never without no doesn't didn't cannot can't won't isn't"))
_GERUND_AFTER = frozenset(words("help with by about for consider try of on start me"))
_PASSIVE_AFTER = frozenset(words("be been get being have is are"))
_READING = frozenset((OperationClass.READ,))
MAX_WORD = 64  # characters of a word that is kept


class Token(msgspec.Struct, frozen=True, gc=False):
    """One word of a sentence, a quoted name, or a mark, with what the lexicon says of it."""

    text: str  # as written, quotes removed
    low: str
    quoted: bool = False
    mark: bool = False
    known: bool = False  # a verb in its base form
    base: str = ""  # of an inflected verb
    vague: bool = False  # a verb that says that something is to be done, not what
    licenses: frozenset[OperationClass] = frozenset()
    noun: bool = False
    names: bool = False  # one thing, by its look
    place: bool = False  # an address, a link, an account
    number: bool = False
    kinds: tuple[str, ...] = ()  # of things that the word stands for


def _quoted(text: str) -> Token:
    low = text.lower()
    return Token(
        text=text, low=low, quoted=True, names=bool(_NAMED.search(low)), number=_is_number(low), place=is_specific(text)
    )


def _is_number(low: str) -> bool:
    return low.replace(".", "").isdigit()


def _read(text: str) -> Token:
    if text in _MARKS:
        return Token(text=text, low=text, mark=True)
    low = text.lower()
    if len(text) > MAX_WORD:  # payload: a link, a key, a flood; no lexicon knows it
        return Token(
            text=text, low=low, names=bool(_NAMED.search(low)), number=_is_number(low), place=is_specific(text)
        )
    vague, licensed, root = is_vague(low), licenses(low), base(low)
    plain = low.isalpha()  # without figure or mark: no name by its look, and no place
    return Token(
        text=text,
        low=low,
        known=bool(licensed) or vague,
        base=root,
        vague=vague,
        licenses=licensed or licenses(root),
        noun=is_noun(low),
        names=not plain and bool(_NAMED.search(low)),
        number=not plain and _is_number(low),
        place=not plain and is_specific(text),
        kinds=tuple(sorted(kinds(low))) if plain and len(low) > 2 else (),
    )


_kept = lru_cache(maxsize=8192)(_read)


def _kept_if_short(text: str) -> Token:
    return _kept(text) if len(text) <= MAX_WORD else _read(text)


@lru_cache(maxsize=256)
def tokens_of(sentence: str) -> tuple[Token, ...]:
    """The words, quoted names and marks of a sentence."""
    if not _QUOTE.search(sentence):
        return tuple([_kept(text) if len(text) <= MAX_WORD else _read(text) for text in _WORD.findall(sentence)])
    return tuple(
        [
            _quoted(found[0][1:-1]) if found[1] else _kept_if_short(found[0])
            for found in _WORD_OR_QUOTED.finditer(sentence)
        ]
    )


def is_question(tokens: tuple[Token, ...], language: Lexicon) -> bool:
    opening = list(islice((token.low for token in tokens if not token.mark), 3))
    if opening and opening[0] in language.polite:
        opening = opening[1:]
    if not opening or opening[0] not in language.askers:
        return False
    asked = opening[1] if len(opening) > 1 else ""
    # "do the tasks" is no question, "do you have …" is
    return opening[0] not in language.doers or asked in language.subjects or asked == "you"


def heads(tokens: tuple[Token, ...], language: Lexicon, asks: bool) -> tuple[list[tuple[int, bool]], bool]:
    """Where verbs ask for something and whether surely, and whether something is asked for that no verb names."""
    found: list[tuple[int, bool]] = []
    unclear = False
    for at, token in enumerate(tokens):
        if token.quoted or not (token.known or token.base):
            continue
        sure = _position(tokens, at, language, asks)
        if sure is None:
            continue
        if phrasal(token.low, (after.low for after in tokens[at + 1 : at + 1 + MAX_APART])):
            found.append((at, sure))
        elif token.vague or (
            token.low == "make" and at + 1 < len(tokens) and tokens[at + 1].low in ("sure", "certain")
        ):
            unclear = True
        elif token.licenses:
            found.append((at, sure))
    if unclear and all(tokens[at].licenses <= _READING for at, _ in found):
        found += [(at, False) for at, token in enumerate(tokens) if act_of(token.low)]
        found.sort()
    return found, unclear


def _position(tokens: tuple[Token, ...], at: int, language: Lexicon, asks: bool) -> bool | None:
    """Whether the verb there asks for something: True surely, False perhaps, None not."""
    token = tokens[at]
    before = tokens[at - 1] if at else None
    prior = before.low if before and not before.quoted else ""
    earlier = tokens[at - 2].low if at > 1 else ""
    if prior in _NOT or (earlier in _NOT and prior in language.modals):
        return None
    opens = before is None or before.mark or prior in language.polite
    if not token.known:
        return _inflected(token.low, prior, opens, asks)
    if prior in language.determiners or prior.endswith("'s") or prior in language.subjects:
        return None
    if asks:
        if prior in ("and", "then", "please") or (opens and before is not None):
            return True
        return False if prior == "to" else None
    if opens or prior in language.modals or prior == "you":
        return True
    if token.noun or not token.low.isalpha():
        return None
    return earlier in ("want", "need", "like", "love", "please") or prior in ("to", "and") or None


def _inflected(low: str, prior: str, opens: bool, asks: bool) -> bool | None:
    """A gerund or participle asks at most perhaps: "starting the engine would be appreciated"."""
    if low.endswith("ing") and (opens or prior in _GERUND_AFTER):
        return False
    return False if prior in _PASSIVE_AFTER and low.endswith(("ed", "en", "t")) and not asks else None
