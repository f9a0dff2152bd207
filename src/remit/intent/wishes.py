"""Statements that ask: what somebody wants done who only says how things are.

"I can't make it on Friday" calls an appointment off, "my new number is …" changes a record, and who is told of somebody
that asked may tell him what became of it. What follows from such a sentence is unsure, but for a value that it states.
"""

import re
from collections.abc import Iterator

from remit.intent.nouns import is_noun, kinds
from remit.terms import Grant, OperationClass

_C = OperationClass
MAX_QUOTE = 200
MAX_BEFORE = 12  # words that say what is to be so
# Own facts that records have, in the singular.
_FACT = (
    r"(?:e-?mails?(?: address)?|mail(?: address)?|address|phone(?: number)?|number|mobile(?: number)?|cell|fax|plate"
    r"|name|surname|last name|contact|iban|account(?: number)?|card|employer|title|postcode|zip(?: code)?|bank details)"
)
_ABSENT = re.compile(
    r"\b(?:can't|cannot|can not|couldn't|won't(?: be able to)?|will not(?: be able to)?|unable to|not able to)"
    r" (?:make (?:it|that|the|our|my|this)|attend|come|join|be there|keep|travel|fly)\b"
    r"|\b(?:have to|going to|gonna|must) (?:miss|skip)\b"
    r"|\bnot (?:gonna|going to|able to|getting to) ?(?:make|attend|come|be there|keep)\b"
    r"|\b(?:can't|cannot|couldn't|won't) do (?:my|our|the|that|this|it on|\w+day)\b"
)
_CHANGED = re.compile(
    rf"\b(?:my|our|his|her|their|the|\w+'s) (?:(?:new|old|current|correct) )?{_FACT} (?:will be|will change|has changed"
    rf"|have changed|changed|changes|is now|are now|becomes|is no longer|is wrong|is out of date|moved)\b"
    rf"|\b(?:new|correct) {_FACT}\b(?: is| will be|:)? ?(?=\S)"
    rf"|\b(?:has|have|had|got|'s got|gets|with) (?:a |an |got a )?new {_FACT}\b"
    r"|\b(?:i|we|he|she|they)(?:'ve| have| has|'m|'re| am| are| will|'ll)? (?:just )?mov(?:ed|ing|e) (?:to|house)\b"
    r"|\b(?:i|we) (?:now )?live (?:at|in)\b"
)
# Somebody is to learn of it: "she should know", "Kim needs to be told", "make sure they hear of it".
_INFORMED = re.compile(
    r"(?<![\w'-])([\w'-]+) (?:should|must|needs? to|ought to|has to|have to|will want to|wants? to|would like to)"
    r" (?:also |then |please )?(?:know|hear|be told|be informed|be notified|get a (?:mail|message|note|call|text|line)"
    r"|be (?:asked|warned|thanked|updated))\b"
    r"|(?<![\w'-])([\w'-]+) (?:wants|needs) to (?:see|have|read|receive|look at)"
    r" (?:the|it|them|that|my|our|this|what)\b"
    r"|\bmake sure (?:that )?([\w'-]+) (?:knows?|hears?|is told|are told|gets? told)\b"
)
# One of these stands in whatever the patterns match; most sentences hold none.
_OUGHT = ("should", "must", "need", "ought", "has to", "have to", "want", "would like", "make sure")
_BACK = ("compens", "refund", "reimburse", " back", "goodwill", "rebate", "credit", "charged", "billed")
_NOT_OTHERS = frozenset(("i", "we", "you", "which", "what", "who"))
# How a thing is to be: "calls should go to the office", "the heading must say 2026".
_SHOULD = re.compile(
    r"(?<!what )(?<!who )(?<!how )(?<![\w'-])(?!i |we |you )[\w'-]+ (?:should|must|needs? to|has to|have to|ought to)"
    r" (?:then |now |please |only |always |no longer )?"
    r"(?:be|go|ring|say|read|show|point|start|end|last|run|cost|become|stay|come|have|get|move|switch|contain|include)\b"
)
_FIGURED = re.compile(r" (?:only |now |at (?:least|most) )?[$€£]?\d")  # "the rent should be 900"
# Somebody gets what the asker has: "Kim can have my seat".
_GIVEN = re.compile(r"(?<![\w'-])(?!i |we |you )[\w'-]+ (?:can|may|could|should) have (?:my|our|mine|ours)\b")
# Another of the same: "I'd rather have the blue one", "I'd like size 40 instead".
_OTHER = re.compile(
    r"\b(?:like|want|prefer|need|have)\b[^.]{0,40}\b(?:instead|rather than|in place of)\b|\brather have\b"
)
# What is owed: "we want our money back", "I'd like a rebate".
_OWED = re.compile(
    r"\b(?:want|like|get|expect|deserve|owed?|entitled to|claim|due|request|demand|need)\b(?: \w+){0,4}?"
    r" (?:compensation|refund(?:ed)?|reimburse(?:ment|d)|(?:money|something|some|it|that|all) back|goodwill|rebate"
    r"|credit(?:ed)?(?! card| limit| note))\b"
    r"|\b(?:i|we|she|he|they|customer|client|guest)(?: was| were|'s been| has been|'ve been| have been| got| am| is)?"
    r" (?:being )?(?:double[- ]charged|charged twice|billed twice|overcharged|charged double)\b"
)
# The other of two: "the old slot has to go, new one is 3 June".
_INSTEAD = re.compile(
    r"\b(?:the )?new (?:one|date|time|slot|day) (?:is|will be|would be|at|on|:)|\bnew (?:date|time|slot|day)s?:"
)
# One of several that were offered is taken: "we'll have the smaller one", "the attic it is".
_CHOSEN = re.compile(
    r"\b(?:i|we|she|he|they)(?:'ll|'d| will| would| want to)(?: rather| prefer to| like to| love to)?"
    r" (?:take|have|go for|go with)\b"
    r"|\blet's (?:take|have|go for|go with)\b|^\W*(?:go|going) (?:with|for) (?:the|option|number|that|this|your|a)\b"
    r"|\w it is(?: then| please| thanks)?\s*[.!,;]|\w it is(?: then| please| thanks)?\s*$"
    r"|\bthe [\w-]+ (?:one )?(?:then|please)\s*[.!]?\s*$"
)
_VALUE = re.compile(r"\d{3,}|\d[\d ]{5,}\d|\w@\w")
_FACT_NAMED = re.compile(_FACT)


def _kinds_of(said: str) -> set[str]:
    return {kind for word in said.split()[-MAX_BEFORE:] if is_noun(word) for kind in kinds(word)}


def wished(sentence: str) -> Iterator[Grant]:
    """What a sentence that is no question asks for by telling it."""
    lowered = sentence.lower().replace("cant ", "can't ")
    if _ABSENT.search(lowered):
        yield Grant(
            actions=(_C.COMMUNICATE, _C.DELETE, _C.UPDATE),
            datatypes=("event", "reservation"),
            sure=False,
            quote=sentence[:MAX_QUOTE],
        )
    quote = sentence[:MAX_QUOTE]
    ought = any(word in lowered for word in _OUGHT)
    if ought and (told := _INFORMED.search(lowered)) and (told[1] or told[2] or told[3]) not in _NOT_OTHERS:
        yield Grant(actions=(_C.COMMUNICATE,), datatypes=("message",), sure=False, quote=quote)
    elif ought and (should := _SHOULD.search(lowered)):
        priced = _FIGURED.match(lowered, should.end()) and "payment" in _kinds_of(lowered[: should.end()])
        actions = (_C.CREATE, _C.TRANSFER, _C.UPDATE) if priced else (_C.CREATE, _C.UPDATE)
        yield Grant(actions=actions, datatypes=("payment",) if priced else (), sure=False, quote=quote)
    if any(word in lowered for word in _BACK) and _OWED.search(lowered):
        yield Grant(actions=(_C.TRANSFER,), datatypes=("payment",), sure=False, quote=quote)
    if "new " in lowered and _INSTEAD.search(lowered):
        yield Grant(actions=(_C.COMMUNICATE, _C.CREATE, _C.UPDATE), datatypes=("event",), sure=False, quote=quote)
    if " have " in lowered and _GIVEN.search(lowered):
        yield Grant(actions=(_C.ADMINISTER, _C.COMMUNICATE, _C.CREATE, _C.UPDATE), sure=False, quote=quote)
    if ("rather" in lowered or "instead" in lowered) and _OTHER.search(lowered):
        yield Grant(actions=(_C.TRANSFER, _C.UPDATE), datatypes=("order", "reservation"), sure=False, quote=quote)
    if _CHOSEN.search(lowered):
        yield Grant(actions=(_C.CREATE, _C.TRANSFER, _C.UPDATE), sure=False, quote=quote)
    if changed := _CHANGED.search(lowered):
        fact = _FACT_NAMED.search(changed[0])
        named = kinds(fact[0].split()[0]) if fact else kinds("address")
        yield Grant(
            actions=(_C.UPDATE,),
            datatypes=tuple(sorted({*named, "user"} - {"message"})),
            sure=bool(_VALUE.search(lowered, changed.start())),
            quote=sentence[:MAX_QUOTE],
        )
