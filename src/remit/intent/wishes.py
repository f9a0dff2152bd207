"""Statements that ask: what somebody wants done who only says how things are.

"I can't make it on Friday" calls an appointment off, "my new number is …" changes a record, and who is told of somebody
that asked may tell him what became of it. What follows from such a sentence is unsure, but for a value that it states.
"""

import re
from collections.abc import Iterator

from remit.intent.lexicon import kinds
from remit.terms import Grant, OperationClass

_C = OperationClass
MAX_QUOTE = 200
# Own facts that records have, in the singular.
_FACT = (
    r"(?:e-?mails?(?: address)?|mail(?: address)?|address|phone(?: number)?|number|mobile(?: number)?|cell|fax|plate"
    r"|name|surname|last name|contact|iban|account(?: number)?|card|employer|title|postcode|zip(?: code)?|bank details)"
)
_ABSENT = re.compile(
    r"\b(?:can't|cannot|can not|couldn't|won't(?: be able to)?|will not(?: be able to)?|unable to|not able to)"
    r" (?:make (?:it|that|the|our|my|this)|attend|come|join|be there|keep|travel|fly)\b"
    r"|\b(?:have to|going to|gonna|must) (?:miss|skip)\b"
)
_CHANGED = re.compile(
    rf"\b(?:my|our|his|her|their|the|\w+'s) (?:(?:new|old|current|correct) )?{_FACT} (?:will be|will change|has changed"
    rf"|have changed|changed|changes|is now|are now|becomes|is no longer|is wrong|is out of date|moved)\b"
    rf"|\b(?:new|correct) {_FACT}\b(?: is| will be|:)? ?(?=\S)"
    rf"|\b(?:has|have|had|got|'s got|gets|with) (?:a |an |got a )?new {_FACT}\b"
    r"|\b(?:i|we|he|she|they)(?:'ve| have| has|'m|'re| am| are| will|'ll)? (?:just )?mov(?:ed|ing|e) (?:to|house)\b"
    r"|\b(?:i|we) (?:now )?live (?:at|in)\b"
)
_VALUE = re.compile(r"\d{3,}|\d[\d ]{5,}\d|\w@\w")
_FACT_NAMED = re.compile(_FACT)


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
    if changed := _CHANGED.search(lowered):
        fact = _FACT_NAMED.search(changed[0])
        named = kinds(fact[0].split()[0]) if fact else kinds("address")
        yield Grant(
            actions=(_C.UPDATE,),
            datatypes=tuple(sorted({*named, "user"} - {"message"})),
            sure=bool(_VALUE.search(lowered, changed.start())),
            quote=sentence[:MAX_QUOTE],
        )
