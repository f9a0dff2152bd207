"""A goal's words compiled into authority (RFC 9396 authorization details of type `remit_call`).

Deterministic and linear: sentences, the verbs that ask for something in them, the things that stand behind each
verb, the names, addresses and amounts, and the places that the goal defers to ("as the notice says"). A
question licenses reading. What is not sure is kept and marked, never guessed away. The same compiler reads an
outsider's instructions, so that a call can be compared with both. Limits: no parser stands behind it; a goal
worded without any known verb gives an unsure grant, and a relative clause may lend its nouns to the main verb.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from remit.intent.lexicon import (
    ENGLISH,
    LANGUAGES,
    Lexicon,
    act_of,
    acts_named,
    base,
    is_noun,
    is_vague,
    kinds,
    licenses,
    phrasal,
)
from remit.intent.values import SPECIFIC, fold, shape
from remit.intent.views import goal_view
from remit.intent.words import words
from remit.terms import Authority, Bounds, Grant, OperationClass, digest

COMPILER = "remit-words/1"
MAX_GOAL = 40_000  # characters that are compiled; a longer goal's rest is evidence only
MAX_GRANTS = 64
MAX_READS = 8  # grants that only read, kept for the reader
MAX_ITEMS = 24  # of one list of one grant

_C = OperationClass
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+|(?<=[.!?])(?=[A-Z][a-z]+ )")
_WORD = re.compile(
    r"(?P<quoted>\"[^\"\n]{1,300}\"|(?<!\w)'[^'\n]{1,300}'(?!\w)|[“‘][^”’\n]{1,300}[”’]|`[^`\n]{1,300}`)"
    r"|(?P<word>[$€£#@]?[\w](?:[\w.@:/%+#&=?~-]*[\w/%])?(?:'\w+)?)"
    r"|(?P<mark>[,:()])"
)
_AMOUNT = re.compile(
    r"[$€£]\s?\d[\d,]{0,20}(?:\.\d{1,8})?|(?<![\d,.])\d[\d,]{0,20}(?:\.\d{1,8})?\s?(?:%|usd|eur|gbp|dollars?|euros?|pounds?)"
    r"|(?<![\d.])\d{1,15}\.\d\d\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"\b(?:pay|paid|money|payments?|amount|transfer|bank|refund|spent|owe[sd]?|iban|bill|rent|invoice|transactions?)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"\b(?:e-?mails?|messages?|summary|mail|notes?|letter|link|files?|reminder|greeting|text|dm)\b", re.IGNORECASE
)
_NAMED = re.compile(r"[^\W\d_]*\d|.*[@/_]|.*\w\.\w")  # tokens that name one thing: with a digit, address, path, file
_PRONOUNS = frozenset(words("it them that this those these him her one same so"))
_NOT = frozenset(words("not don't never without no doesn't didn't cannot can't won't isn't"))
_SETTING_UP = frozenset((_C.EXECUTE,))
_INSTRUCTIVE = re.compile(
    r"\b(?:follow|do|complete|perform|execute|carry out|handle|act on|take care of|work through|process|obey)\b"
    r"[^.\n]{0,60}?\b(?:tasks?|instructions?|actions?|steps|requests?|to-?dos?|asks?|directions|guidelines|says?|wants?)\b",
    re.IGNORECASE,
)
_INSIDE = re.compile(r"\b(?:in|at|from|on|of|by)\b|\b(?:asks|says|wants)\b|[/@]|\w\.\w|\bit\b", re.IGNORECASE)
_DEFERRING = re.compile(
    r"\b(?:accordingly|according to|based on|in response to|in line with|as (?:the|it|he|she|they|his|her|in|per|"
    r"described|specified|requested|mentioned|instructed|noted|stated|asked|agreed|discussed)\b|per (?:the|his|her)\b|"
    r"(?:described|specified|listed|mentioned|outlined|requested|given|stated|found|written|noted|contained|provided) "
    r"(?:in|on|at|by|from)\b|"
    r"(?:details|info|information|instructions|everything)\b[^.\n]{0,30}?\b(?:in|on|from|at|with)\b|"
    r"what\b[^.\n]{0,40}\b(?:asks?|says?|wants?|requests?|needs?)\b|"
    r"\b(?:links? to|linked|links? (?:in|from))\b|(?:from|using|with) the (?:details|information|data)\b)",
    re.IGNORECASE,
)

_RULED = re.compile(r"(?:according to|in line with|per (?:the|his|her))$", re.IGNORECASE)


class _Token(msgspec.Struct, frozen=True, gc=False):
    text: str  # as written, quotes removed
    low: str
    quoted: bool
    mark: bool


_NOTHING = _Token("", "", False, False)


def seal(grants: tuple[Grant, ...], compiler: str = COMPILER) -> Authority:
    """An authority with its hash over compiler and details."""
    details = [{"type": "remit_call", **msgspec.to_builtins(grant)} for grant in grants]
    return Authority(
        grants=grants, compiler=compiler, hash=digest({"authorization_details": details, "compiler": compiler})
    )


def compile_goal(goal: str, *, bounds: Bounds) -> Authority:
    """What `goal` licenses, cut to `bounds`. Never fails: a goal that says nothing gives an unsure grant to read."""
    allowed = frozenset(bounds.classes) if bounds.classes is not None else frozenset(OperationClass)
    grants = [cut for grant in read_grants(goal) if (cut := _cut(grant, allowed, bounds)) is not None]
    authority = seal(tuple(grants))
    goal_view(authority, goal)  # made now, so that the mission's first call finds it
    return authority


def read_grants(text: str) -> list[Grant]:
    """The grants of a text, before any bounds."""
    text = fold(text[:MAX_GOAL]).encode("utf-8", "replace").decode("utf-8")
    language = _language(text)
    grants: list[Grant] = []
    vague = False
    money = bool(_MONEY.search(text) or _AMOUNT.search(text))
    for turn in text.split("\n"):
        since = len(grants)
        for sentence in _SENTENCE.split(turn):
            if not sentence or len(grants) >= MAX_GRANTS:
                continue
            found, unclear = _sentence(sentence, language, money)
            vague = vague or unclear
            grants += found
            grants[since:] = _defer(sentence, grants[since:], language)
    if vague and not any(grant.actions != (_C.READ,) for grant in grants):
        grants.append(Grant(actions=(_C.READ, _C.CREATE, _C.UPDATE), sure=False, quote=text[:200]))
    if not grants:
        grants.append(Grant(actions=(_C.READ,), sure=False, quote=text[:200]))
    return _brief(grants)[:MAX_GRANTS]


def _brief(grants: list[Grant]) -> list[Grant]:
    """Without repeating that looking things up is licensed: it always is."""
    reading = [grant for grant in grants if grant.actions == (_C.READ,)]
    extra = set(map(id, reading[MAX_READS:]))
    return [grant for grant in grants if id(grant) not in extra]


def _language(text: str) -> Lexicon:
    """The language whose function words the text uses most."""
    if len(LANGUAGES) == 1:
        return ENGLISH
    words = text.lower().split()[:400]
    return max(LANGUAGES, key=lambda language: sum(word in language.function_words for word in words))


@lru_cache(maxsize=256)
def _tokens(sentence: str) -> tuple[_Token, ...]:
    found = []
    for match in _WORD.finditer(sentence):
        text = match[0][1:-1] if match.lastgroup == "quoted" else match[0].rstrip(".:")
        found.append(_Token(text, text.lower(), match.lastgroup == "quoted", match.lastgroup == "mark"))
    return tuple(found)


def _sentence(sentence: str, language: Lexicon, money: bool) -> tuple[list[Grant], bool]:
    """The grants of one sentence, and whether it asks for something that no verb names."""
    tokens = _tokens(sentence)
    words = [token for token in tokens if not token.mark]
    if not words:
        return [], False
    asks = _is_question(words, language)
    heads: list[tuple[int, bool]] = []
    unclear = False
    for at, token in enumerate(tokens):
        if token.quoted or token.mark:
            continue
        position = _verb_position(tokens, at, language, asks)
        if position is None:
            continue
        if phrasal(token.low, (after.low for after in tokens[at + 1 :])):
            heads.append((at, position))
        elif is_vague(token.low) or (
            token.low == "make" and at + 1 < len(tokens) and tokens[at + 1].low in ("sure", "certain")
        ):
            unclear = True
        elif licenses(token.low) or licenses(base(token.low)):
            heads.append((at, position))
    if unclear and not any(_acts(tokens[at].low) for at, _ in heads):
        heads += [(at, False) for at, token in enumerate(tokens) if act_of(token.low)]
        heads.sort()
    if asks and not heads:
        return [_grant(tokens, frozenset((_C.READ,)), True, sentence, language, money)], False
    grants = []
    for i, (at, sure) in enumerate(heads):
        end = heads[i + 1][0] if i + 1 < len(heads) else len(tokens)
        start = 0 if i == 0 else at
        low = tokens[at].low
        low = low if sure or not act_of(low) else act_of(low)
        after = tokens[at + 1].low if at + 1 < len(tokens) else ""
        found = licenses(low) or licenses(base(low))
        found |= _SETTING_UP if low == "set" and after == "up" else frozenset()
        found |= phrasal(base(low) or low, (token.low for token in tokens[at + 1 : end]))
        grant = _grant(tokens[start:at] + tokens[at + 1 : end], found, sure, sentence, language, money)
        act = acts_named(base(low) or low)
        grants.append(msgspec.structs.replace(grant, datatypes=(*act, *grant.datatypes)) if act else grant)
    return grants, unclear


def _acts(verb: str) -> bool:
    return bool((licenses(verb) or licenses(base(verb))) - {_C.READ})


def _is_question(words: list[_Token], language: Lexicon) -> bool:
    opening = [word.low for word in words[:3]]
    if opening[0] in language.polite:
        opening = opening[1:]
    if not opening or opening[0] not in language.askers:
        return False
    asked = opening[1] if len(opening) > 1 else ""
    # "do the tasks" is no question, "do you have …" is
    return opening[0] not in language.doers or asked in language.subjects or asked == "you"


def _verb_position(tokens: tuple[_Token, ...], at: int, language: Lexicon, asks: bool) -> bool | None:
    """Whether the word there asks for something: True surely, False perhaps, None not."""
    low = tokens[at].low
    before = tokens[at - 1] if at else None
    prior = before.low if before and not before.quoted else ""
    earlier = tokens[at - 2].low if at > 1 else ""
    if prior in _NOT or (earlier in _NOT and prior in language.modals):
        return None
    known = bool(licenses(low)) or is_vague(low)
    if not known:
        if low.endswith("ing") and (before is None or before.mark or prior in language.polite):
            return False if base(low) else None  # "starting the engine would be appreciated"
        if low.endswith("ing") and prior in (
            "help",
            "with",
            "by",
            "about",
            "for",
            "consider",
            "try",
            "of",
            "on",
            "start",
            "me",
        ):
            return False if base(low) else None
        if (
            prior in ("be", "been", "get", "being", "have", "is", "are")
            and low.endswith(("ed", "en", "t"))
            and not asks
        ):
            return False if base(low) else None
        return None
    if prior in language.determiners or prior.endswith("'s") or prior in language.subjects:
        return None
    opens = before is None or before.mark or prior in language.polite
    asked = prior in language.modals or prior == "you"
    if asks:
        if prior in ("and", "then", "please") or (opens and before is not None):
            return True
        return False if prior == "to" else None
    if opens or asked:
        return True
    if is_noun(low) or not low.isalpha():
        return None
    return earlier in ("want", "need", "like", "love", "please") or prior in ("to", "and") or None


def _grant(
    span: tuple[_Token, ...],
    actions: frozenset[OperationClass],
    sure: bool,
    sentence: str,
    language: Lexicon,
    money: bool,
) -> Grant:
    """One grant from a verb's classes and the words around it."""
    datatypes: list[str] = []
    named: list[str] = []
    sinks: list[str] = []
    prior = ""
    for i, token in enumerate(span):
        low = token.low
        if token.mark:
            continue
        is_name = (
            token.quoted or bool(_NAMED.match(low)) or (i > 0 and token.text[:1].isupper() and low not in language.stop)
        )
        if is_name and not low.replace(".", "").isdigit():
            named.append(token.text)
            if SPECIFIC.fullmatch(token.text) or prior in language.recipients or (i == 0 and not token.quoted):
                sinks.append(token.text)
        if not token.quoted and low.isalpha() and len(low) > 2 and low not in language.stop:
            datatypes += kinds(low)
        prior = low
    if _C.TRANSFER in actions and _C.COMMUNICATE in actions:  # "send": money, words, or either
        if not money or _WORDS.search(sentence):
            actions -= {_C.TRANSFER}
        elif any(shape(sink) == "address" for sink in sinks):
            pass  # figures or money, to an address
        elif "payment" in datatypes or _amounts(sentence):
            actions -= {_C.COMMUNICATE}
    return Grant(
        actions=tuple(sorted(actions)),
        datatypes=_unique(datatypes),
        identifiers=_unique(named),
        sinks=_unique(sinks),
        amounts=_amounts(sentence),
        sure=sure,
        quote=sentence[:200],
    )


@lru_cache(maxsize=256)
def _amounts(sentence: str) -> tuple[str, ...]:
    if not any(map(str.isdigit, sentence)):
        return ()
    return _unique([match[0] for match in _AMOUNT.finditer(sentence)])


def _defer(sentence: str, turn: list[Grant], language: Lexicon) -> list[Grant]:
    """Mark what the sentence defers to: on the turn's grants, or as a grant of its own when it hands the task over."""
    if _is_question([token for token in _tokens(sentence) if not token.mark] or [_NOTHING], language):
        return turn  # "what do the reviews say": asked, not followed
    instructive = _INSTRUCTIVE.search(sentence)
    deferring = _DEFERRING.search(sentence)
    if not instructive and not deferring:
        return turn
    said = sentence
    if not instructive and deferring and _RULED.match(deferring[0]):
        said = sentence[deferring.end() :]  # "according to our refund rule": the rule, not what it is applied to
    whole = _grant(_tokens(said), frozenset((_C.READ,)), False, said, language, False)
    earlier = [name for grant in turn for name in grant.identifiers]
    things = tuple(kind for kind in whole.datatypes if is_noun(kind))
    sources = (*(whole.identifiers or (() if things else _unique(earlier))), *things)
    if instructive and sources and _INSIDE.search(sentence) and "following" not in sentence.lower():
        handed = Grant(actions=tuple(sorted(OperationClass)), sources=sources, sure=False, quote=sentence[:200])
        return [*turn, handed]
    if instructive and not _DEFERRING.search(sentence):
        return turn
    return [grant if grant.sources else msgspec.structs.replace(grant, sources=sources) for grant in turn]


def _cut(grant: Grant, allowed: frozenset[OperationClass], bounds: Bounds) -> Grant | None:
    actions = tuple(action for action in grant.actions if action in allowed)
    if not actions:
        return None
    sinks = grant.sinks
    if bounds.sinks is not None:
        inside = {sink.lower() for sink in bounds.sinks}
        sinks = tuple(sink for sink in sinks if sink.lower() in inside or sink.lower().rpartition("@")[2] in inside)
    return msgspec.structs.replace(grant, actions=actions, sinks=sinks)


def _unique(items: list[str]) -> tuple[str, ...]:
    return tuple(_few(items))


def _few(items: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    for item in items:
        if item not in seen and len(seen) < MAX_ITEMS:
            seen.add(item)
            yield item
