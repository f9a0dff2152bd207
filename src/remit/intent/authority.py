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

from remit.intent.clauses import Asking, Token, heads, is_question, ruled_out, tokens_of
from remit.intent.handing import asker, but_not, handed_over, told_of
from remit.intent.kept import kept
from remit.intent.lexicon import (
    ENGLISH,
    LANGUAGES,
    Lexicon,
    acts_named,
    is_noun,
    kinds,
)
from remit.intent.values import fold, shape
from remit.intent.views import goal_view
from remit.intent.wishes import wished
from remit.intent.words import words
from remit.terms import Authority, Bounds, Grant, OperationClass

COMPILER = "remit-words/2"
MAX_GOAL = 40_000  # characters that are compiled; a longer goal's rest is evidence only
MAX_GRANTS = 64
MAX_READS = 8  # grants that only read, kept for the reader
MAX_ITEMS = 24  # of one list of one grant
MAX_QUOTES = 4  # quoted requests of one goal
MAX_QUOTE = 200  # characters of the words that a grant rests on

_C = OperationClass
_READ = frozenset((_C.READ,))
_ALL = tuple(sorted(_C))
_SENDING = frozenset((_C.TRANSFER, _C.COMMUNICATE))
_TELLS = frozenset((_C.COMMUNICATE,))
_TOLD = frozenset((_C.COMMUNICATE, _C.CREATE, _C.READ))
_ADMITTING = frozenset((_C.ADMINISTER, _C.COMMUNICATE))
_PARTIES = frozenset(words("user permission channel repository password event"))  # to which somebody may be added
_TOWARDS = frozenset(words("to with"))
# Behind these verbs stands who is told, not what; behind those, perhaps.
_ADDRESSING = frozenset(words("tell ask remind inform notify thank contact advise warn brief invite alert"))
_WRITING_TO = frozenset(words("answer write call phone email mail message text ping update send give dm"))
_PAYING = frozenset(words("pay wire refund reimburse repay"))
_WRITING_TO |= _PAYING
_ADDRESSED = _ADDRESSING | _WRITING_TO
_PERSONS = frozenset(words("him her them us everyone everybody whoever"))
_THEM = frozenset(words("him her them"))
_NOBODY = frozenset(
    words("him everyone everybody anyone anybody someone somebody whoever whomever nobody none others yes back again")
)
_MOVING = frozenset(words("move rebook reschedule shift change push switch swap transfer postpone delay"))
_REBOOKING = (_C.CREATE, _C.DELETE, _C.UPDATE)  # there is no other way where nothing can be moved
# Both by their first character, so that the others are passed over quickly.
_STOP = re.compile(  # a sentence ends after its mark, which is not that of "v.", "Dr." or "No."
    r"[!?;.](?:(?<!\.)|(?<!\b[A-Za-z]\.)(?<!\b(?:[DM]r|Ms|St|[Nn]o|[Nn]r|vs|[JS]r|Co)\.)(?<!\b(?:Mrs|Inc|Ltd)\.)"
    r"(?<!\bProf\.))"
    r"(?:\s+|(?=[A-Z][a-z]+ ))"
)
_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[a-z]+")
_ENCODER = msgspec.json.Encoder(order="sorted")
_AMOUNT = re.compile(
    r"[$€£\d](?:(?<!\d)\s?\d[\d,]{0,20}(?:\.\d{1,8})?"
    r"|(?<=\d)(?<![\d,.].)[\d,]{0,20}(?:\.\d{1,8})?\s?(?:%|usd|eur|gbp|dollars?|euros?|pounds?)"
    r"|(?<=\d)(?<![\d.].)\d{0,14}\.\d\d\b)",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"\b(?:pay|paid|money|payments?|amount|transfer|bank|refund|spent|owe[sd]?|iban|bill|rent|invoice|transactions?)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"\b(?:e-?mails?|messages?|summary|mail|notes?|letter|link|files?|reminder|greeting|text|dm|requests?|receipt"
    r"|confirmation|statement|report|overview|details)\b",
    re.IGNORECASE,
)
_INSTRUCTIVE = re.compile(
    r"\b(?:follow|do|complete|perform|execute|carry out|handle|act on|take care of|work through|process|obey)\b"
    r"(?:[^.\n]|\.(?=\w)){0,60}?\b(?:tasks?|instructions?|actions?|steps|requests?|to-?dos?|asks?|directions|guidelines|says?|wants?)\b"
    r"|\bfollow\b(?:[^.\n]|\.(?=\w)){0,40}\b(?:article|guide|policy|procedure|runbook|playbook|process|manual|"
    r"readme|docs|documentation|checklist|rules?|handbook|protocol)\b"
    r"|\bwhat\b(?:[^.\n]|\.(?=\w)){0,40}\b(?:asks?|says?|wants?|requests?|needs?)\b[^.\n]{0,40}"
    r"\b(?:get|make|do|set|carry|take)\b",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    r"\b(?:in|at|from|on|of|by)\b|\b(?:asks|says|wants)\b|[/@]|\w\.\w|\bit\b"
    r"|\bwhat (?:\w+ ){1,3}(?:ask|say|want|wrote)\b",
    re.IGNORECASE,
)
_DEFERRING = re.compile(
    r"\b(?:accordingly\b|according to|based on|in response to|in line with|as (?:the|it|he|she|they|his|her|in|per|"
    r"described|specified|requested|mentioned|instructed|noted|stated|asked|agreed|discussed)\b|"
    r"per (?:the|his|her|their|our|my|its)\b|"
    r"(?:described|specified|listed|mentioned|outlined|requested|given|stated|found|written|noted|contained|provided) "
    r"(?:in|on|at|by|from)\b|"
    r"(?:details|info|information|instructions|everything)\b[^.\n]{0,30}?\b(?:in|on|from|at|with)\b|"
    r"what\b[^.\n]{0,40}\b(?:asks?|says?|wants?|requests?|needs?|recommends?|suggests?|states?|lists?|proposes?)\b|"
    r"\b(?:links? to|linked|links? (?:in|from))\b|(?:from|using|with) the (?:details|information|data)\b)",
    re.IGNORECASE,
)

_WONDERED = re.compile(
    r"\b(?:show|tell|see|check|find out|know|read|list|look up|look at|summari[sz]e|explain|report)"
    r"(?: \w{1,10}){0,2}\s*\Z",
    re.IGNORECASE,
)
_SAYING_SO = re.compile(
    r"\b(?:as|like|the way|how) (?:[\w-]+(?:'s)? ){1,4}?(?:asks?|asked|says?|said|wants?|wanted|recommends?|suggests?|"
    r"suggested|requires?|describes?|describe|offered|proposed|told|laid out|prescribes?|has it)\b",
    re.IGNORECASE,
)
_RULED = re.compile(r"(?:according to|in line with|per (?:the|his|her|their|our|my|its))$", re.IGNORECASE)


# One of these words stands in whatever the two above match; most sentences hold none of them.
_INSTRUCTING = frozenset(words("what follow do complete perform execute carry handle act take work process obey"))
_COMPARING = frozenset(words("as like way how"))
_RELYING = frozenset(
    words(
        """
        accordingly according based response line as per described specified listed mentioned outlined
        requested given stated found written noted contained provided details info information
        instructions everything what link links linked data
    """
    )
)


class _Text:
    """What is known of the whole text that a sentence stands in."""

    def __init__(self, text: str, *, goal: bool = False) -> None:
        self.text = text
        self.goal = goal  # not an outsider's: what it may mean beside its words counts
        self.language = _language(text)
        self.told: tuple[str, ...] = ()  # of a goal: who told of something last, and what

    @cached_property
    def money(self) -> bool:
        """Whether it speaks of money at all."""
        return bool(_MONEY.search(self.text) or _AMOUNT.search(self.text))


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
            grants += found
            grants[since:] = _defer(sentence, grants[since:], whole)
            if goal:
                grants += _implied(sentence, grants, whole)
        if goal:
            grants += _answered(turn, grants[since:], whole)
    if vague:
        grants += _quoted(text)
    if vague and not any(grant.actions != (_C.READ,) and not grant.forbids for grant in grants):
        grants.append(Grant(actions=(_C.READ, _C.CREATE, _C.UPDATE), sure=False, quote=text[:MAX_QUOTE]))
    if not any(not grant.forbids for grant in grants):
        # A statement: something may be meant by it. Of what is said in a language that nobody knows, reading at most.
        meant = (_C.READ, _C.CREATE, _C.UPDATE) if _spoken(text) else (_C.READ,)
        grants.append(Grant(actions=meant, sure=False, quote=text[:MAX_QUOTE]))
    return _brief(grants)[:MAX_GRANTS]


def _implied(sentence: str, grants: list[Grant], whole: _Text) -> list[Grant]:
    """What a sentence asks for by a statement, and the task itself where it hands this over to what says more."""
    tokens = tokens_of(sentence)
    if is_question(tokens, whole.language):
        return []
    found = list(wished(sentence))
    sources = _unique(list(handed_over(tokens, whole.language, whole.told)))
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
    if asks and not verbs and not forbidden:
        return [_grant(tokens, Asking(0, True, "", _READ), sentence, whole)], False
    grants = []
    marks = sorted({asking.at for asking in (*verbs, *forbidden)})
    ends = dict(zip(marks, [*marks[1:], len(tokens)], strict=False))
    for asking in verbs:
        start = 0 if asking.at == marks[0] else asking.at
        span = tokens[start : asking.at] + tokens[asking.at + 1 : ends[asking.at]]
        grants.append(_grant(span, asking, sentence, whole, asking.at - start if start != asking.at else 0))
        if asking.verb in _MOVING and "reservation" in grants[-1].datatypes:
            grants.append(msgspec.structs.replace(grants[-1], actions=_REBOOKING, verbs=(), sure=False))
    for asking in forbidden:
        ruled = _grant(tokens[asking.at + 1 : ends[asking.at]], asking, sentence, whole)
        grants.append(msgspec.structs.replace(ruled, forbids=True))
    return grants, unclear


def _grant(
    span: tuple[Token, ...],
    asking: Asking,
    sentence: str,
    whole: _Text,
    before: int = 0,
) -> Grant:
    """One grant from a verb and the words around it, of which so many stand before it."""
    tells = before if asking.actions & _TELLS or asking.verb in _PAYING else -1
    datatypes, named, sinks, described = _things(span, whole.language, tells, asking.verb)
    actions = asking.actions
    if asking.verb == "add" and not named and _PARTIES.isdisjoint(datatypes) and not _plainly_named(span, before):
        actions -= _ADMITTING  # a line to a log, an item to a cart
    if asking.verb == "meet":
        datatypes = ["event", *datatypes]
    if actions >= _SENDING:  # "send": money, words, or either
        if not whole.money or _WORDS.search(sentence):
            actions -= {_C.TRANSFER}
        elif any(shape(sink) == "address" for sink in sinks):
            pass  # figures or money, to an address
        elif "payment" in datatypes or _amounts(sentence):
            actions -= {_C.COMMUNICATE}
    if described and not sinks and whole.goal:
        if actions <= _TOLD and not _lays_down(actions, span):
            datatypes.append("message")  # whatever else is told, and however
        elif _C.TRANSFER in actions and not _THEM.isdisjoint(token.low for token in span):
            sinks += [name for name in whole.told[:1] if name[:1].isupper()]  # "Jo sent a bill. Pay him half of it"
    return Grant(
        actions=_in_order(actions),
        datatypes=(*acts_named(asking.verb), *_unique(datatypes)),
        identifiers=_unique(named),
        sinks=_unique(sinks),
        amounts=_amounts(sentence),
        verbs=(asking.verb,) if asking.verb else (),
        sure=asking.sure,
        quote=sentence[:MAX_QUOTE],
    )


def _things(
    span: tuple[Token, ...], language: Lexicon, telling: int = -1, verb: str = ""
) -> tuple[list[str], list[str], list[str], bool]:
    """The kinds of things that words speak of, the items that they name, and those among them that are places; and
    whether somebody is meant who is not named.

    `telling`: so many words stand before the verb, if it is one that tells somebody something."""
    datatypes: list[str] = []
    named: list[str] = []
    sinks: list[str] = []
    prior = ""
    described = False  # whom it is for is told otherwise: "to the guest in Rome", "write her"
    for i, token in enumerate(span):
        if token.mark:
            described = described and i > telling
            continue
        low = token.low
        stops = low in language.stop
        if not token.number and (token.quoted or (not stops and (token.names or (i > 0 and token.text[:1].isupper())))):
            named.append(token.text)
            towards = prior in _TOWARDS or (prior in language.recipients and not (described or i < telling))
            told = i == telling and verb in _ADDRESSED and token.low.isalpha()
            if token.place or towards or told or (i == 0 and not token.quoted):
                sinks.append(token.text)
        elif i >= telling >= 0 and (prior in _TOWARDS or (i == telling and _is_told(token, verb, language))):
            described = True
            if _is_name(token, language):
                named.append(token.text)
        if not stops:
            datatypes += token.kinds
        prior = low
    return datatypes, named, sinks, described


def _lays_down(actions: frozenset[OperationClass], span: tuple[Token, ...]) -> bool:
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


def _plainly_named(span: tuple[Token, ...], at: int) -> bool:
    """Whether what is added is named without an article: "add jo to the board"."""
    return len(span) > at + 1 and _is_name(span[at], ENGLISH) and span[at + 1].low in ("to", "as")


@lru_cache(maxsize=256)
def _in_order(actions: frozenset[OperationClass]) -> tuple[OperationClass, ...]:
    return tuple(sorted(actions))


@kept(256)
def _amounts(sentence: str) -> tuple[str, ...]:
    if not _DIGIT.search(sentence):
        return ()
    return _unique([match[0] for match in _AMOUNT.finditer(sentence)])


def _defer(sentence: str, turn: list[Grant], whole: _Text) -> list[Grant]:
    """Mark what the sentence defers to: on the turn's grants, or as a grant of its own when it hands the task over."""
    said_words = set(_LETTERS.findall(sentence.lower()))
    instructive = None if _INSTRUCTING.isdisjoint(said_words) else _INSTRUCTIVE.search(sentence)
    deferring = None if _RELYING.isdisjoint(said_words) else _DEFERRING.search(sentence)
    if deferring and _WONDERED.search(sentence, 0, deferring.start()) and deferring[0][:4].lower() == "what":
        deferring = None  # "show me what people say": to be known, not to be done
    if not instructive and not deferring:
        return _as_said(sentence, turn, whole) if whole.goal and not said_words.isdisjoint(_COMPARING) else turn
    if is_question(tokens_of(sentence), whole.language) or but_not(tokens_of(sentence)):
        return turn  # "what do the reviews say": asked, not followed
    said = sentence
    if not instructive and deferring and _RULED.match(deferring[0]):
        said = sentence[deferring.end() :]  # "according to our refund rule": the rule, not what it is applied to
    datatypes, named, *_ = _things(tokens_of(said), whole.language)
    identifiers = _unique(named)
    earlier = [name for grant in turn for name in grant.identifiers]
    things = tuple(kind for kind in _unique(datatypes) if is_noun(kind))
    sources = (*(identifiers or (() if things else _unique(earlier))), *things)
    if (
        instructive
        and sources
        and (_INSIDE.search(sentence) or instructive[0].startswith("follow"))
        and "following" not in sentence.lower()
    ):
        handed = Grant(actions=_ALL, sources=sources, sure=False, quote=sentence[:MAX_QUOTE])
        return [*turn, handed]
    if instructive and not deferring:
        return turn
    return [grant if grant.sources else msgspec.structs.replace(grant, sources=sources) for grant in turn]


def _as_said(sentence: str, turn: list[Grant], whole: _Text) -> list[Grant]:
    """ "Sort them as our price page says": the grants, which defer to the page, not to what it is applied to."""
    said = _SAYING_SO.search(sentence)
    if said is None or is_question(tokens_of(sentence), whole.language):
        return turn
    things, named, *_ = _things(tokens_of(said[0]), whole.language)
    sources = (*_unique(named), *(kind for kind in _unique(things) if is_noun(kind)))
    if not sources:
        return turn  # "like she offered"
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
    return tuple(dict.fromkeys(items))[:MAX_ITEMS]
