"""States that ask for an act: "my wallet was stolen", "the tap drips", "we are out of toner", "she still has no keys".

Whoever tells a helper of such a state wants what is usually done about it: what is lost is blocked and reported, what
is broken is reported and mended, what runs out is ordered. This reads a state by its word, and what is done by the
sort of state; on which things, by the nouns of the sentence. It is never sure, and counts only where the goal asks for
no act itself: then the state is why. Limits: single words and pairs of them, no parser.
"""

from collections.abc import Iterator

from remit.intent.clauses import CONDITIONS
from remit.intent.tokens import Token
from remit.intent.words import words
from remit.terms import Grant, OperationClass

_C = OperationClass
MAX_QUOTE = 200
MAX_NAMES = 8
MAX_GAP = 2  # words between the two of a pair
_NEGATED = frozenset(words("not isn't wasn't aren't weren't never no without hasn't haven't nothing none"))

# Words of a state, and pairs of words ("run-out"), by its sort.
_STATES = {
    "lost": """
        stolen lost nicked pinched snatched missing mislaid misplaced vanished disappeared robbed mugged pickpocketed
        burgled pilfered left-train left-taxi left-bus left-cab left-behind
    """,
    "exposed": """
        hacked phished compromised leaked exposed breached scammed defrauded cloned skimmed hijacked don't-recognise
        don't-recognize didn't-make never-authorised never-authorized fell-for
    """,
    "broken": """
        broken broke cracked smashed torn damaged dented scratched shattered faulty defective leaking leaks leaked
        drips
        dripping flooded flooding clogged jammed stuck flickering flickers mouldy moldy mould mold rusty burst snapped
        bent crushed soaked spoiled spoilt rotten wilted chipped loose wobbly rattling squeaking squeaks overheating
        overheats unusable unresponsive crashing crashes crashed malfunctioning shot knackered kaput busted wonky
        dodgy
        collapsed fallen injured sprained hurts aching aches sore
        not-working doesn't-work isn't-working don't-work stopped-working won't-start won't-open won't-close
        won't-charge won't-turn won't-connect won't-print won't-heat won't-boot acting-up
        playing-up plays-up out-order gave-up packed-in conked-out fell-off fell-apart came-off came-apart
        came-down no-heat no-heating no-power no-signal
        no-internet no-electricity no-water gone-off blown-off is-down are-down went-down been-down
        smells-of on-strike
    """,
    "short": """
        running-low run-low low-on run-out ran-out running-out we're-out i'm-out almost-out nearly-out almost-empty
        nearly-empty almost-gone nearly-gone almost-finished nearly-finished short-of used-up none-left
        need-more needs-more
    """,
    "over": """
        no-longer not-interested changed-mind won't-need don't-need doesn't-need not-needed i-sold i've-sold
        we-sold we've-sold too-expensive moved-out moving-out leaving-country enough-of had-enough
    """,
    "awaited": """
        still-waiting still-hasn't still-haven't still-not still-no supposed-be never-got never-had
        never-received never-came hasn't-got hasn't-had hasn't-received hasn't-arrived hasn't-come hasn't-seen
        haven't-got haven't-received haven't-arrived haven't-heard didn't-get didn't-receive didn't-arrive waiting-for
        waiting-on asking-for asks-for keeps-asking nagging
    """,
    "uncomfortable": """
        chilly freezing nippy stuffy draughty boiling roasting sweltering gloomy parched thirsty too-cold too-hot
        too-warm too-dark too-bright too-loud too-dry too-humid bit-cold bit-hot bit-warm bit-dark bit-bright bit-loud
        so-cold so-hot so-dark so-loud cold-in hot-in dark-in warm-in cold-again hot-again dark-again
    """,
    "shut out": """
        locked-out locked-in locked-my locked-our can't-log can't-login can't-sign can't-get cannot-log can't-access
        forgot-password forgotten-password forgot-pin forgotten-pin forgot-code needs-access need-access needs-code
        needs-key needs-login needs-account no-access
    """,
    "joining": """
        wants-come wants-join like-come like-join love-come love-join is-coming are-coming coming-too joining-us
        is-joining plus-one said-yes dropped-out
    """,
    "starting": """
        starts-monday starts-tuesday starts-wednesday starts-thursday starts-friday starts-on starts-next
        starts-tomorrow started-on started-monday started-today joins-us joins-team joined-us joined-team joins-monday
        new-starter new-joiner new-colleague new-hire
    """,
    "leaving": "last-day has-left have-left is-leaving leaves-us left-company left-us resigned quits",
    "away": "ill sick poorly unwell flu fever off-sick covid broken-leg off-from on-leave on-holiday on-vacation",
    "wrong": """
        wrong incorrect outdated misspelt misspelled typo mistake out-date mixed-up mix-up
    """,
    "double": "duplicate duplicates two-same exists-twice in-twice there-twice",
}
# What is done about it, and on which things beside those that the sentence names. Nobody is let in by a state but who
# is shut out.
_DONE: dict[str, tuple[tuple[OperationClass, ...], str]] = {
    "lost": ((_C.ADMINISTER, _C.COMMUNICATE, _C.CREATE, _C.UPDATE), "card case password"),
    "exposed": ((_C.ADMINISTER, _C.COMMUNICATE, _C.CREATE, _C.UPDATE), "card case password"),
    "broken": ((_C.COMMUNICATE, _C.CREATE, _C.UPDATE), "case task event order claim work maintenance"),
    "short": ((_C.CREATE, _C.TRANSFER, _C.UPDATE), "order prescription"),
    "over": ((_C.DELETE, _C.UPDATE), "subscription membership contract policy plan"),
    "awaited": ((_C.COMMUNICATE, _C.CREATE), "message"),
    "uncomfortable": ((_C.EXECUTE, _C.UPDATE), "device temperature light"),
    "shut out": ((_C.ADMINISTER, _C.CREATE, _C.UPDATE), "password permission device lock door"),
    "joining": ((_C.COMMUNICATE, _C.CREATE, _C.UPDATE), "event guest reservation"),
    "starting": ((_C.COMMUNICATE, _C.CREATE, _C.UPDATE), "user permission channel event"),
    "leaving": ((_C.ADMINISTER, _C.DELETE, _C.UPDATE), "user permission channel"),
    "away": ((_C.COMMUNICATE, _C.CREATE, _C.UPDATE), "event leave absence"),
    "wrong": ((_C.CREATE, _C.UPDATE), ""),
    "double": ((_C.DELETE, _C.UPDATE), "record"),
}


def _tables() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    alone: dict[str, str] = {}
    pairs: dict[str, dict[str, str]] = {}
    for sort, listed in _STATES.items():
        for word in listed.split():
            first, dash, second = word.rpartition("-")
            if dash:
                pairs.setdefault(first, {})[second] = sort
            else:
                alone[word] = sort
    return alone, pairs


_ALONE, _PAIRS = _tables()
_NONE: dict[str, str] = {}
_ANY = frozenset(_ALONE) | frozenset(_PAIRS)


def states(tokens: tuple[Token, ...], sentence: str) -> Iterator[Grant]:
    """What the states that a sentence tells of may ask for."""
    sorts = dict.fromkeys(_told(tokens))
    if not sorts:
        return
    things = dict.fromkeys(kind for token in tokens for kind in token.kinds)
    names = tuple(dict.fromkeys(token.text for token in tokens[1:] if token.names or token.text[:1].isupper()))
    for sort in sorts:
        actions, kinds = _DONE[sort]
        yield Grant(
            actions=actions,
            datatypes=tuple(dict.fromkeys((*kinds.split(), *things))),
            identifiers=names[:MAX_NAMES],
            sure=False,
            quote=sentence[:MAX_QUOTE],
        )


def _told(tokens: tuple[Token, ...]) -> Iterator[str]:
    for at, token in enumerate(tokens):
        if token.quoted:
            continue
        if at == 0 and token.low == "out" and tokens[1:2] and tokens[1].low == "of":
            yield "short"
        if token.low in CONDITIONS:
            return  # "if it is broken"
        if token.low not in _ANY:
            continue
        if (sort := _ALONE.get(token.low)) and _NEGATED.isdisjoint(word.low for word in tokens[max(0, at - 3) : at]):
            yield sort
        following = _PAIRS.get(token.low, _NONE)
        for word in tokens[at + 1 : at + 2 + MAX_GAP] if following else ():
            if word.mark:
                break
            if sort := following.get(word.low):
                yield sort
