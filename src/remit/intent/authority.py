"""A goal's words compiled into authority (RFC 9396 authorization details of type `remit_call`).

Deterministic and linear: sentences, the verbs that ask for something in them, the things that stand behind each
verb, the names, addresses and amounts, and the places that the goal defers to ("as the notice says"). A
question licenses reading. What is not sure is kept and marked, never guessed away. The same compiler reads an
outsider's instructions, so that a call can be compared with both. Limits: no parser stands behind it; a goal
worded without any known verb gives an unsure grant, and a relative clause may lend its nouns to the main verb.
"""

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from hashlib import sha256

import msgspec

from remit.intent.clauses import Asking, heads, is_question, ruled_out
from remit.intent.deferring import defer
from remit.intent.fragments import COUNTED, NAMED_ALONE, fragments
from remit.intent.handing import asker, handed_over, told_of
from remit.intent.lexicon import (
    ENGLISH,
    LANGUAGES,
    Lexicon,
    acts_named,
)
from remit.intent.nouns import is_information, is_noun, kinds
from remit.intent.states import states
from remit.intent.things import AMOUNT, PAYING, amounts, lays_down, plainly_named, things, unique
from remit.intent.tokens import Token, tokens_of
from remit.intent.values import fold, shape
from remit.intent.views import goal_view
from remit.intent.widening import NEAR, repairs, widened
from remit.intent.wishes import wished
from remit.intent.words import words
from remit.terms import Authority, Bounds, Grant, OperationClass

COMPILER = "remit-words/2"
MAX_GOAL = 40_000  # characters that are compiled; a longer goal's rest is evidence only
MAX_GRANTS = 64
MAX_READS = 8  # grants that only read, kept for the reader
MAX_QUOTES = 4  # quoted requests of one goal
MAX_STATES = 8  # grants from them
MAX_SPOKEN = 24  # kinds of things of which a goal spoke
MAX_QUOTE = 200  # characters of the words that a grant rests on

_C = OperationClass
_READ = frozenset((_C.READ,))
_ALL = tuple(sorted(_C))
_SENDING = frozenset((_C.TRANSFER, _C.COMMUNICATE))
_TELLS = frozenset((_C.COMMUNICATE,))
_TOLD = frozenset((_C.COMMUNICATE, _C.CREATE, _C.READ))
_ADMITTING = frozenset((_C.ADMINISTER, _C.COMMUNICATE))
_ANYBODY = frozenset(words("anybody anyone anything others anywhere everyone everybody"))
_THEM = frozenset(words("him her them"))
_IT = frozenset(words("it them this that these those one me us mine both all"))
_NO_THING = frozenset(words("yet now today please then"))
_PARTIES = frozenset(words("user permission channel repository password event"))  # to which somebody may be added
# What such a verb is always about.
_INHERENT = {
    verb: (kind,)
    for kind, verbs in {
        "reservation": "ticket rebook",
        "event": "meet invite remind",
        "task": "remind",
    }.items()
    for verb in verbs.split()
}
_MAKING = frozenset(words("make create prepare produce generate compile build put"))
_WORDING = frozenset(words("draft write compose jot note"))
_SORTING = frozenset(words("sort fix rectify arrange organise organize"))  # which say that, not what
_MOVING = frozenset(words("move rebook reschedule shift change push switch swap transfer postpone delay"))
_SWAPPING = frozenset(words("swap exchange"))  # one for another
_REBOOKING = (_C.CREATE, _C.DELETE, _C.UPDATE)  # there is no other way where nothing can be moved
# Both by their first character, so that the others are passed over quickly.
_STOP = re.compile(  # a sentence ends after its mark, which is not that of "v.", "Dr." or "No."
    r"[!?;.](?:(?<!\.)|(?<!\b[A-Za-z]\.)(?<!\b(?:[DM]r|Ms|St|[Nn]o|[Nn]r|vs|[JS]r|Co)\.)(?<!\b(?:Mrs|Inc|Ltd)\.)"
    r"(?<!\bProf\.))"
    r"(?:\s+|(?=[A-Z][a-z]+ ))"
)
_ENCODER = msgspec.json.Encoder(order="sorted")
_MONEY = re.compile(
    r"\b(?:pay|paid|money|payments?|amount|transfer|bank|refund|spent|owe[sd]?|iban|bill|rent|invoice|transactions?)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"\b(?:e-?mails?|messages?|summary|mail|notes?|letter|link|files?|reminder|greeting|text|dm|requests?|receipt"
    r"|confirmation|statement|report|overview|details)\b",
    re.IGNORECASE,
)


class _Text:
    """What is known of the whole text that a sentence stands in."""

    def __init__(self, text: str, *, goal: bool = False) -> None:
        self.text = text
        self.goal = goal  # not an outsider's: what it may mean beside its words counts
        self.language = _language(text)
        self.told: tuple[str, ...] = ()  # of a goal: who told of something last, and what
        self.spoken: dict[str, None] = {}  # of a goal: kinds of the things that its sentences spoke of so far

    @cached_property
    def money(self) -> bool:
        """Whether it speaks of money at all."""
        return bool(_MONEY.search(self.text) or AMOUNT.search(self.text))


def seal(grants: tuple[Grant, ...], compiler: str = COMPILER) -> Authority:
    """An authority with its hash over compiler and details."""
    details = [{"type": "remit_call", **msgspec.to_builtins(grant)} for grant in grants]
    # Texts, lists and truth values under ASCII names: sorted, this is the JCS form (RFC 8785), at a tenth of the cost.
    form = _ENCODER.encode({"authorization_details": details, "compiler": compiler})
    return Authority(grants=grants, compiler=compiler, hash=sha256(form).hexdigest())


def compile_goal(goal: str, *, bounds: Bounds) -> Authority:
    """What `goal` licenses, cut to `bounds`. Never fails: a goal that says nothing gives an unsure grant to read."""
    allowed = frozenset(bounds.classes) if bounds.classes is not None else frozenset(OperationClass)
    grants = [cut for grant in read_grants(goal, goal=True) if (cut := _cut(grant, allowed, bounds)) is not None]
    authority = seal(tuple(grants))
    goal_view(authority, goal)  # made now, so that the mission's first call finds it
    return authority


def take_grants(grants: tuple[Grant, ...], goal: str, *, bounds: Bounds, by: str) -> Authority:
    """What somebody else read `goal` to license, cut to `bounds`: a person who corrects, or another compiler.

    `by` says who, and is hashed with it. Whoever may not vouch for the goal must not get here: this is authority.
    """
    allowed = frozenset(bounds.classes) if bounds.classes is not None else frozenset(OperationClass)
    kept = [cut for grant in grants if (cut := _cut(_plain(grant), allowed, bounds)) is not None]
    authority = seal(tuple(kept), f"given by {by}")
    goal_view(authority, goal)
    return authority


def _plain(grant: Grant) -> Grant:
    """Kinds of things as the compiler writes them, whatever the number and the word."""
    named = [fold(kind).lower().strip() for kind in grant.datatypes]
    found = {kind for name in named if name for kind in kinds(name) or {name}}
    return msgspec.structs.replace(grant, datatypes=tuple(sorted(found)))


def read_grants(text: str, *, goal: bool = False) -> list[Grant]:
    """The grants of a text, before any bounds. Of a goal also what follows from what it says, unsurely."""
    text = fold(text[:MAX_GOAL]).encode("utf-8", "replace").decode("utf-8")
    whole = _Text(text, goal=goal)
    grants: list[Grant] = []
    telling: list[str] = []  # sentences in which nothing is asked for surely
    vague = False
    for turn in text.split("\n"):
        since = len(grants)
        for sentence in _sentences(turn):
            if not sentence or len(grants) >= MAX_GRANTS:
                continue
            if goal:
                whole.told = told_of(tokens_of(sentence)) or whole.told
            found, unclear = _sentence(sentence, whole)
            vague = vague or unclear
            if not any(map(_says_what, found)):
                telling.append(sentence)
            grants += found
            grants[since:] = defer(
                sentence,
                grants[since:],
                whole.language,
                told=whole.told,
                goal=goal,
                vague=unclear and not _surely(found),
            )
            if goal:
                grants += _implied(sentence, grants, whole)
        if goal:
            grants += _answered(turn, grants[since:], whole)
    if vague:
        grants += _quoted(text)
    if goal and not any(_acts(grant) and _says_what(grant) for grant in grants):
        grants += _stated(telling, whole)
    grants = _besides(grants)
    if vague and not any(grant.actions != (_C.READ,) and not grant.forbids for grant in grants):
        grants.append(Grant(actions=(_C.READ, _C.CREATE, _C.UPDATE), sure=False, quote=text[:MAX_QUOTE]))
    if not any(not grant.forbids for grant in grants):
        # A statement: something may be meant by it. Of what is said in a language that nobody knows, reading at most.
        meant = (_C.READ, _C.CREATE, _C.UPDATE) if _spoken(text) else (_C.READ,)
        grants.append(Grant(actions=meant, sure=False, quote=text[:MAX_QUOTE]))
    return _brief(grants)[:MAX_GRANTS]


def _surely(grants: list[Grant]) -> bool:
    """Whether one of them says surely that something is done, and what."""
    return any(grant.sure and _acts(grant) for grant in grants)


def _acts(grant: Grant) -> bool:
    return not grant.forbids and bool(set(grant.actions) - _READ)


def _besides(grants: list[Grant]) -> list[Grant]:
    """A thing that is only named or counted is wanted, unless something else is: "compare them, table please"."""
    if not any(grant.sure and (grant.verbs or not _acts(grant)) and not grant.forbids for grant in grants):
        return grants
    return [
        msgspec.structs.replace(grant, sure=False) if grant.datatypes in NAMED_ALONE and not grant.verbs else grant
        for grant in grants
        if grant.datatypes != COUNTED or grant.verbs
    ]


def _says_what(grant: Grant) -> bool:
    """Whether it says what is to be done or looked up: who only has something sorted says so by its state."""
    return bool(grant.sources and _acts(grant)) or (
        grant.sure and bool(grant.verbs) and not grant.forbids and _SORTING.isdisjoint(grant.verbs)
    )


def _stated(telling: list[str], whole: _Text) -> list[Grant]:
    """What the states ask for that a goal tells of, which asks for no act itself."""
    found: list[Grant] = []
    for sentence in telling[:MAX_STATES]:
        tokens = tokens_of(sentence)
        if not is_question(tokens, whole.language):
            found += states(tokens, sentence)
    return found[:MAX_STATES]


def _implied(sentence: str, grants: list[Grant], whole: _Text) -> list[Grant]:
    """What a sentence asks for by a statement, and the task itself where it hands this over to what says more."""
    tokens = tokens_of(sentence)
    if is_question(tokens, whole.language):
        return []
    found = list(wished(sentence))
    sources = unique(list(handed_over(tokens, whole.language, whole.told)))
    if not sources or any(grant.sources and len(grant.actions) == len(OperationClass) for grant in grants):
        return found
    return [*found, Grant(actions=_ALL, sources=sources, sure=False, quote=sentence[:MAX_QUOTE])]


def _answered(turn: str, grants: list[Grant], whole: _Text) -> list[Grant]:
    """Who asked for something may be told what became of it, unless the goal says itself who is told."""
    done = any(not grant.forbids and set(grant.actions) - {_C.READ} for grant in grants)
    if not done or any(_C.COMMUNICATE in grant.actions for grant in grants):
        return []
    for sentence in _sentences(turn):
        tokens = tokens_of(sentence)
        if not is_question(tokens, whole.language) and (who := asker(tokens)):
            sinks = (who,) if who[:1].isupper() else ()
            return [
                Grant(
                    actions=(_C.COMMUNICATE,),
                    datatypes=("message",),
                    identifiers=(who,),
                    sinks=sinks,
                    sure=False,
                    quote=sentence[:MAX_QUOTE],
                )
            ]
    return []


def _quoted(text: str) -> list[Grant]:
    """What quoted requests ask for, perhaps: "she writes: 'please change my address to …' - do it"."""
    quotes = [token.text for token in tokens_of(text.replace("\n", " ")) if token.quoted and token.text.count(" ") > 2]
    return [
        msgspec.structs.replace(grant, sure=False)
        for quote in quotes[:MAX_QUOTES]
        for grant in (_sentence(quote, _Text(quote))[0])
        if not grant.forbids
    ]


def _spoken(text: str) -> bool:
    """Whether a text is in a language whose lexicon is here: by words that no other language has."""
    words = set(text.lower().split())
    return any(not language.telling.isdisjoint(words) for language in LANGUAGES)


def _sentences(turn: str) -> Iterator[str]:
    last = 0
    for stop in _STOP.finditer(turn):
        yield turn[last : stop.start() + 1]
        last = stop.end()
    yield turn[last:]


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


def _sentence(sentence: str, whole: _Text) -> tuple[list[Grant], bool]:
    """The grants of one sentence, and whether it asks for something that no verb names."""
    tokens = tokens_of(sentence)
    asks = is_question(tokens, whole.language)
    verbs, unclear = heads(tokens, whole.language, asks)
    forbidden = ruled_out(tokens, whole.language)
    if not verbs and not forbidden and (asks or sentence.rstrip().endswith("?")):
        return [_grant(tokens, Asking(0, True, "", _READ), sentence, whole)], False
    grants: list[Grant] = []
    if whole.goal and not asks and not forbidden and not any(asking.sure for asking in verbs):
        grants += fragments(tokens, sentence)
        unclear = unclear or bool(grants)
    marks = sorted({asking.at for asking in (*verbs, *forbidden)})
    ends = dict(zip(marks, [*marks[1:], len(tokens)], strict=False))
    for asking in verbs:
        start = 0 if asking.at == marks[0] else asking.at
        span = tokens[start : asking.at] + tokens[asking.at + 1 : ends[asking.at]]
        grants.append(_grant(span, asking, sentence, whole, asking.at - start if start != asking.at else 0))
        if whole.goal:
            grants[-1] = _told_him(grants[-1], grants[:-1], span)
            grants[-1] = _meant(grants[-1], tokens, asking.at, whole)
        if asking.verb in _SWAPPING or (asking.verb in _MOVING and "reservation" in grants[-1].datatypes):
            grants.append(msgspec.structs.replace(grants[-1], actions=_REBOOKING, verbs=(), sure=False))
        if whole.goal and repairs(asking.verb, grants[-1].datatypes):
            grants.append(msgspec.structs.replace(grants[-1], actions=(_C.EXECUTE,), verbs=(), sure=False))
    for asking in forbidden:
        if asking.actions <= _SENDING and _to_somebody(tokens[asking.at + 1 : ends[asking.at]]) and _told_too(grants):
            continue  # "tell Ada, don't send it to the press": another is told
        ruled = _grant(tokens[asking.at + 1 : ends[asking.at]], asking, sentence, whole)
        meant = tuple(kind for kind in ruled.datatypes if kind not in _NO_THING)
        grants.append(msgspec.structs.replace(ruled, datatypes=meant, forbids=True))
    if whole.goal and len(whole.spoken) < MAX_SPOKEN:
        whole.spoken |= dict.fromkeys(kind for token in tokens for kind in token.kinds if is_noun(kind))
    return grants, unclear


def _meant(grant: Grant, tokens: tuple[Token, ...], at: int, whole: _Text) -> Grant:
    """The kinds of what a pronoun means, where an act is asked for on "it": of what was spoken of before."""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if not _acts(grant) or set(grant.actions) <= _TELLS or after is None or after.low not in _IT:
        return grant
    end = next((place for place in range(at + 1, len(tokens)) if tokens[place].mark), len(tokens))
    before = {kind: None for token in tokens[:at] for kind in token.kinds if is_noun(kind)}
    beyond = {kind for token in tokens[end:] for kind in token.kinds} - {
        kind for token in tokens[at + 1 : end] for kind in token.kinds
    }
    meant = dict.fromkeys((*(kind for kind in grant.datatypes if kind not in beyond), *before, *whole.spoken))
    return msgspec.structs.replace(grant, datatypes=tuple(meant)[:MAX_SPOKEN])


def _told_him(grant: Grant, earlier: list[Grant], span: tuple[Token, ...]) -> Grant:
    """ "Give a@b.example access and let her know": at the address that was named."""
    if _C.COMMUNICATE not in grant.actions or grant.sinks or _THEM.isdisjoint(token.low for token in span):
        return grant
    places = unique([sink for other in earlier for sink in other.sinks if shape(sink) == "address"])
    return msgspec.structs.replace(grant, sinks=places) if places else grant


def _to_somebody(span: tuple[Token, ...]) -> bool:
    """Whether it is said to whom: what is ruled out is that he gets it."""
    lows = [token.low for token in span]
    return any(low == "to" and at + 1 < len(lows) and lows[at + 1] not in _ANYBODY for at, low in enumerate(lows))


def _told_too(grants: list[Grant]) -> bool:
    return any(grant.sure and _C.COMMUNICATE in grant.actions for grant in grants)


def _grant(
    span: tuple[Token, ...],
    asking: Asking,
    sentence: str,
    whole: _Text,
    before: int = 0,
) -> Grant:
    """One grant from a verb and the words around it, of which so many stand before it."""
    tells = before if asking.actions & _TELLS or asking.verb in PAYING else -1
    opens = before > 0 or not asking.verb
    datatypes, named, sinks, described = things(span, whole.language, tells, asking.verb, opens)
    actions = asking.actions
    if whole.goal:
        datatypes = [*_INHERENT.get(asking.verb, ()), *datatypes]
        actions, datatypes = widened(asking.verb, actions, span, before, datatypes, bool(amounts(sentence)))
    if asking.verb == "add" and not named and _PARTIES.isdisjoint(datatypes) and not plainly_named(span, before):
        actions -= _ADMITTING  # a line to a log, an item to a cart
    if (
        whole.goal
        and not named
        and _C.CREATE in actions
        and (asking.verb in _WORDING or (asking.verb in _MAKING and _informing(span, before)))
    ):
        datatypes.append("file")  # what is written may be kept
    if actions >= _SENDING:  # "send": money, words, or either
        if not whole.money or _WORDS.search(sentence):
            actions -= {_C.TRANSFER}
        elif any(shape(sink) == "address" for sink in sinks):
            pass  # figures or money, to an address
        elif "payment" in datatypes or amounts(sentence):
            actions -= {_C.COMMUNICATE}
    if described and not sinks and whole.goal:
        if actions <= _TOLD and not lays_down(actions, span):
            datatypes.append("message")  # whatever else is told, and however
        elif _C.TRANSFER in actions and not _THEM.isdisjoint(token.low for token in span):
            sinks += [name for name in whole.told[:1] if name[:1].isupper()]  # "Jo sent a bill. Pay him half of it"
    return Grant(
        actions=_in_order(actions),
        datatypes=(*acts_named(asking.verb), *unique(datatypes)),
        identifiers=unique(named),
        sinks=unique(sinks),
        amounts=amounts(sentence),
        verbs=(asking.verb,) if asking.verb else (),
        sure=asking.sure,
        quote=sentence[:MAX_QUOTE],
    )


def _informing(span: tuple[Token, ...], before: int) -> bool:
    """Whether what is to be made is something to know: "make a list of …"."""
    return any(is_information(token.low) for token in span[before : before + NEAR])


@lru_cache(maxsize=256)
def _in_order(actions: frozenset[OperationClass]) -> tuple[OperationClass, ...]:
    return tuple(sorted(actions))


def _cut(grant: Grant, allowed: frozenset[OperationClass], bounds: Bounds) -> Grant | None:
    actions = tuple(action for action in grant.actions if action in allowed)
    if not actions:
        return None
    sinks = grant.sinks
    if bounds.sinks is not None:
        inside = {sink.lower() for sink in bounds.sinks}
        sinks = tuple(sink for sink in sinks if sink.lower() in inside or sink.lower().rpartition("@")[2] in inside)
    return msgspec.structs.replace(grant, actions=actions, sinks=sinks)
