"""Where a goal defers to what somebody else says: "as the notice says", "do what Jo asks", "per our price page".

What is deferred to is named in the sentence or was told of before it. A grant that defers names its sources; a task
that says nothing itself is handed over to them whole.
"""

import re

import msgspec

from remit.intent.clauses import is_question
from remit.intent.handing import but_not
from remit.intent.lexicon import ENGLISH, Lexicon
from remit.intent.nouns import is_noun, kinds
from remit.intent.things import things, unique
from remit.intent.tokens import tokens_of
from remit.intent.words import words
from remit.terms import Grant, OperationClass

_ALL = tuple(sorted(OperationClass))
MAX_QUOTE = 200  # characters of the words that a grant rests on
_LETTERS = re.compile(r"[a-z]+")
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
    r"\b(?:accordingly\b|according to|based on|in response to|in line with"
    r"|(?<!long )(?<!soon )(?<!far )(?<!well )(?<!much )"
    r"as (?:the|it|he|she|they|his|her|in|per|"
    r"described|specified|requested|mentioned|instructed|noted|stated|asked|agreed|discussed)\b|"
    r"per (?:the|his|her|their|our|my|its)\b|"
    r"(?:described|specified|listed|mentioned|outlined|requested|given|stated|found|written|noted|contained|provided) "
    r"(?:in|on|at|by|from)\b|"
    r"(?:details|info|information|instructions|everything)\b[^.\n]{0,30}?\b(?:in|on|from|at|with)\b|"
    r"what\b[^.\n]{0,40}\b(?:asks?|says?|wants?|requests?|needs?|recommends?|suggests?|states?|lists?|proposes?)\b|"
    r"\b(?:rules?|steps|instructions|procedure|guidelines|how|what to do) (?:is|are|it works is|that works is)"
    r" (?:in|on|at|under)\b|"
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
_RULED = re.compile(
    r"(?:according to|in line with|as (?:in|per)|(?:described|specified|listed|outlined|stated|written) in"
    r"|(?:rules?|steps|instructions|procedure|guidelines) (?:is|are) (?:in|on|at|under)"
    r"|per (?:the|his|her|their|our|my|its))$",
    re.IGNORECASE,
)


# One of these words stands in whatever the two above match; most sentences hold none of them.
_INSTRUCTING = frozenset(words("what follow do complete perform execute carry handle act take work process obey"))
_COMPARING = frozenset(words("as like way how"))
_RELYING = frozenset(
    words(
        """
        accordingly according based response line as per described specified listed mentioned outlined
        requested given stated found written noted contained provided details info information
        instructions everything what link links linked data rule rules steps procedure guidelines how
    """
    )
)
# Who says what is to be done, also in lower case: "what jo asks", "as the landlord wants", "do as she says".
_SAYER = re.compile(
    r"\b(?:what(?:ever)?|as|like|everything|all|things|anything)(?: that)?"
    r" (?:(?:the|our|my|his|her|their|your|this) )?(?:[\w'-]+ ){0,2}?([\w-]+)"
    r" (?:asks?|asked|says?|said|wants?|wanted|needs?|needed|requests?|requested|recommends?|suggests?|tells?|told"
    r"|wrote)\b",
    re.IGNORECASE,
)
_DONE_FOR = re.compile(  # what somebody needs is to be done
    r"\bdo (?:exactly |just )?(?:what(?:ever)?|everything|all|anything|the things?|as|like)\b(?! (?:i|we|you)\b)"
    r"[^.\n]{0,40}?"
    r"\b(?:needs?|requests?|requires?|recommends?|lists?|wrote|writes|tells?|told|asks?|says?|said|wants?)\b",
    re.IGNORECASE,
)
# What is done then, the house's own rules say.
_NEEDED = re.compile(
    r"\bdo (?:what(?:ever)?|everything|all|anything)(?:'s| that's| is| that is| has to be| needs to be| must be)? ?"
    r"(?:needed|necessary|required|done|called for)\b|\bdo the needful\b"
    r"|\btake (?:all |the )?necessary (?:steps|action)\b",
    re.IGNORECASE,
)
# Where it stands or who has it, said in passing: "it's in her last mail", "there's a runbook", "Jo has
# the address", "my plan has all you need". To see something is not to do what it says.
_TEXT = (
    r"(?:e-?mails?|mails?|messages?|letters?|notes?|memos?|documents?|docs?|files?|tickets?|issues?|pages?|sheets?|chats?"
    r"|threads?|posts?|wikis?|reports?|agendas?|plans?|lists?|folders?|briefs?|specs?|minutes|attachments?|calendar)"
)
_RULES = r"(?:runbook|guide|checklist|procedure|playbook|manual|how-?to|template|instructions?|protocol|policy)"
_PASSING = re.compile(
    rf"\b(?:it'?s|that'?s|they'?re|which is|details? (?:is|are)|info is) (?:in|on)"
    rf" (?P<within>[\w' -]{{0,40}}?\b{_TEXT})\b"
    rf"|\bthere(?:'?s| is) an? (?P<rules>[\w -]{{0,30}}?\b{_RULES})\b"
    r"|(?P<who>[\w'-]+(?: [\w'-]+){0,2}) (?:has|have|knows?) (?:all|everything|the (?:[\w-]+ )?"
    r"(?:add?ress|number|details|info|information|dates?|times?|list|link|figures|prices?|steps|iban|account))\b",
    re.IGNORECASE,
)
_SEEN = re.compile(rf"[(,;–—-] ?see (?:also )?([\w' -]{{0,40}}?\b{_TEXT})\b", re.IGNORECASE)
_PASSED = frozenset(words("has have know knows there it its that they details detail info which"))
_HE = frozenset(words("he she they it that this"))
_SELF = frozenset(words("i we you is are was the"))
_HOUSE = ("policy",)


def defer(
    sentence: str, turn: list[Grant], language: Lexicon, *, told: tuple[str, ...] = (), goal: bool, vague: bool
) -> list[Grant]:
    """Mark what the sentence defers to: on the turn's grants, or as a grant of its own when it hands the task over.

    `told` is who told of something last, and what; `vague` whether the sentence only says that something is done."""
    said_words = set(_LETTERS.findall(sentence.lower()))
    instructive = None if _INSTRUCTING.isdisjoint(said_words) else _INSTRUCTIVE.search(sentence)
    deferring = None if _RELYING.isdisjoint(said_words) else _DEFERRING.search(sentence)
    if deferring and _WONDERED.search(sentence, 0, deferring.start()) and deferring[0][:4].lower() == "what":
        deferring = None  # "show me what people say": to be known, not to be done
    tokens = tokens_of(sentence)
    if goal and "do" in said_words and not is_question(tokens, language) and not but_not(tokens):
        if _NEEDED.search(sentence):
            return [*turn, _handed(_HOUSE, sentence)]
        if (meant := _DONE_FOR.search(sentence)) and (sources := _sayer(sentence, meant, told)):
            return [*turn, _handed(sources, sentence)]
    if goal and not _PASSED.isdisjoint(said_words) and not is_question(tokens, language) and not but_not(tokens):
        turn = _in_passing(sentence, turn)
    if goal and "see" in said_words and (seen := _SEEN.search(sentence)) and not is_question(tokens, language):
        turn = _relying(turn, _named(seen[1], language))
    if not instructive and not deferring:
        return _as_said(sentence, turn, language) if goal and not said_words.isdisjoint(_COMPARING) else turn
    if is_question(tokens, language) or but_not(tokens):
        return turn  # "what do the reviews say": asked, not followed
    said = sentence
    if not instructive and deferring and _RULED.match(deferring[0]):
        said = sentence[deferring.end() :]  # "according to our refund rule": the rule, not what it is applied to
    sources = _named(said, language) or unique([name for grant in turn for name in grant.identifiers])
    if (
        (instructive or (goal and vague and deferring))
        and sources
        and (_INSIDE.search(sentence) or (instructive and instructive[0].startswith("follow")))
        and "following" not in sentence.lower()
    ):
        return [*turn, _handed(sources, sentence)]
    if instructive and not deferring:
        return turn
    return [grant if grant.sources else msgspec.structs.replace(grant, sources=sources) for grant in turn]


def _in_passing(sentence: str, turn: list[Grant]) -> list[Grant]:
    """The grants, which defer to where something is said to stand; a task that has its own rules is handed to them."""
    for said in _PASSING.finditer(sentence):
        what = said["within"] or said["rules"] or said["who"]
        sources = _named(what, ENGLISH)
        if said["who"] and not sources:
            sources = tuple(word for word in what.split()[-1:] if word.lower() not in _SELF | _HE)
        if said["rules"] and sources and turn:
            return [*turn, _handed(sources, sentence)]
        turn = _relying(turn, sources)
    return turn


def _relying(turn: list[Grant], sources: tuple[str, ...]) -> list[Grant]:
    found = unique(list(sources))
    return [grant if grant.sources else msgspec.structs.replace(grant, sources=found) for grant in turn]


def _handed(sources: tuple[str, ...], sentence: str) -> Grant:
    return Grant(actions=_ALL, sources=sources, sure=False, quote=sentence[:MAX_QUOTE])


def _named(said: str, language: Lexicon) -> tuple[str, ...]:
    """What a part of a sentence names: the items, and the kinds of things that may say something."""
    datatypes, named, *_ = things(tokens_of(said), language)
    return (*unique(named), *(kind for kind in unique(datatypes) if is_noun(kind)))


def _sayer(sentence: str, meant: re.Match[str], told: tuple[str, ...]) -> tuple[str, ...]:
    """Whose wishes are to be done: who is named, or who told of something."""
    said = _SAYER.search(sentence, meant.start())
    if said is None or said[1].lower() in _SELF:
        return ()
    if said[1].lower() in _HE:
        return told
    last = said[1].lower()
    named = [said[1]] if "user" in kinds(last) or not is_noun(last) else []
    return unique([*named, *_named(sentence[meant.start() :], ENGLISH)])


def _as_said(sentence: str, turn: list[Grant], language: Lexicon) -> list[Grant]:
    """ "Sort them as our price page says": the grants, which defer to the page, not to what it is applied to."""
    said = _SAYING_SO.search(sentence)
    if said is None or is_question(tokens_of(sentence), language):
        return turn
    sources = _named(said[0], language)
    if not sources:
        return turn  # "like she offered"
    return [grant if grant.sources else msgspec.structs.replace(grant, sources=sources) for grant in turn]
