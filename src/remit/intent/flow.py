"""Where a call would send what its instance has read.

Labels say how far data may go; this says whether a call would take it further: to a place that neither the goal nor
trusted data names, after outside text was read, or with a secret in it, whole, encoded, in a link, spaced out or cut.
Limits: a secret that is paraphrased, or has no digit, is not seen to leave.
"""

import re
from collections.abc import Iterator
from itertools import islice

from remit.intent.encodings import decoded
from remit.intent.grounding import GOAL, NONE, TRUSTED, UNKNOWN, Case, Origin
from remit.intent.sources import Passage, tells_of_secret
from remit.intent.values import (
    at,
    fold,
    grouped,
    key_set,
    keys_of,
    leaves,
    squeeze,
    tokens,
    without_separators,
)
from remit.intent.words import words
from remit.terms import Confidentiality, Evidence, Finding, FindingKind, Integrity, Label, Mission, Settings

MAX_LEAVING = 20_000  # characters of one argument that are searched for secrets
LEAST_SECRET = 4  # characters; a shorter value tells nothing
NEAR = 80  # characters before a value in which a word says that it is a secret
MAX_KEY = 64  # characters of a value that are looked for
MAX_NAMED = 16  # things of one argument that a call passes on
MAX_PLACES = 16  # of one value in one passage
MAX_SOURCES = 64  # results, the last ones, whose secrets are looked for
_SEPARATOR = re.compile(r"[\s._-]")
_BETWEEN = r"[\s._-]?"  # what separates the characters of a value that is written in groups
_DIGIT = re.compile(r"\d")
_FIELD = re.compile(r"[\n,;{}]")
_QUERY = re.compile(r"[?&#/][^\s\"'<>]{4,2000}")
_PARTS = re.compile(r"[?&=/#;,]")

# Who has secrets told somebody says so, in one of these words.
_SECRETS = frozenset(
    words(
        """
        password passwords passcode passphrase secret secrets token tokens key keys credential credentials code codes
        pin pins login logins passport passports card cards account number numbers iban ssn cvv confidential diagnosis
        diagnoses record records file files document documents details data everything all content contents
        """
    )
)
_KNOWN = (GOAL, TRUSTED)
_INTERNAL, _CONFIDENTIAL = Confidentiality.INTERNAL, Confidentiality.CONFIDENTIAL
CLEAR = Finding(kind=FindingKind.FLOW, verdict="clear", message="nothing flows where it may not")
_BOUND = Finding(
    kind=FindingKind.FLOW,
    verdict="leaks",
    score=0.9,
    message="the purpose lets only public data leave, and other data was read before",
)
_TAINTED = Finding(
    kind=FindingKind.FLOW,
    verdict="tainted",
    score=0.7,
    message="outside text was read before, and where this goes is neither from the goal nor from trusted data",
)


def flow(case: Case, sink: Origin, label: Label, mission: Mission | None, settings: Settings) -> Finding:
    """The flow finding of a call that sends something; `sink` is where its sinks come from."""
    rank = sink.rank
    if rank == NONE and not case.tview.acts:
        return CLEAR
    limit = mission.bounds.confidentiality if mission is not None else _CONFIDENTIAL
    if rank in _KNOWN and limit >= _CONFIDENTIAL and not (case.tview.acts and case.view.keys.isdisjoint(_SECRETS)):
        return CLEAR  # where the goal names the place and speaks of what is secret
    if case.tview.sinks and _internal(case, settings):
        return CLEAR
    if label.confidentiality >= _CONFIDENTIAL or case.memory.confidential(MAX_SOURCES):
        passage = _secret(case)
        if passage is not None:
            return Finding(
                kind=FindingKind.FLOW,
                verdict="leaks",
                score=0.8,
                message=f"confidential data of {passage.source.tool.id} would go where it may not",
                rests_on=(Evidence(what="content", source=passage.source.decision, where=f"line {passage.line}"),),
            )
    if rank in _KNOWN and limit >= _CONFIDENTIAL:
        return CLEAR
    if case.tview.acts and (named := _named_secret(case)):
        return Finding(
            kind=FindingKind.FLOW,
            verdict="leaks",
            score=0.7,
            message="what would be passed on is named for secrets, and the goal speaks of none of it",
            rests_on=(Evidence(what=f"argument {named}"),),
        )
    if limit < _INTERNAL and label.confidentiality > limit:
        return _BOUND  # nothing that was read may leave
    if case.tview.acts and label.integrity is Integrity.OUTSIDE and rank >= UNKNOWN:
        return _TAINTED
    return CLEAR


def _internal(case: Case, settings: Settings) -> bool:
    """Whether every sink lies in the organisation's domains."""
    if not settings.internal_domains:
        return False
    for path in case.tview.sinks:
        for text in leaves(at(case.arguments, path)):
            host = fold(text).lower().partition("://")[2] or fold(text).lower()
            host = host.rpartition("@")[2].partition("/")[0].partition(":")[0]
            if not any(host == domain or host.endswith("." + domain) for domain in settings.internal_domains):
                return False
    return True


def _named_secret(case: Case) -> str:
    """The argument that says which thing is passed on, by a name that stands for secrets: who shares `api_tokens.txt`
    tells what is in it. Not a key that the call itself works with, which its own name says."""
    for asked in case.tview.asked:
        if asked.sink or tells_of_secret(asked.path.lower()):
            continue
        for text in leaves(at(case.arguments, asked.path), MAX_NAMED):
            lowered = text[:MAX_KEY].lower()
            if tells_of_secret(lowered) and case.view.keys.isdisjoint(keys_of(fold(lowered))):
                return asked.path
    return ""


def _secret(case: Case) -> Passage | None:
    """A confidential passage of which a specific value leaves: as it is, encoded, in a URL, or cut up."""
    placed, known = case.memory.seen, case.view.keys
    for text in leaves(case.arguments):
        lowered = fold(text[:MAX_LEAVING]).lower()
        for key in _leaving(text[:MAX_LEAVING], lowered):
            if len(key) < LEAST_SECRET or key in known or not _DIGIT.search(key):
                continue
            for passage in placed(key):
                if passage.source.secret or (passage.source.confidential and _names_secret(passage, key)):
                    return passage
        if (cut := _joined(case, lowered)) is not None:
            return cut
    return None


def _leaving(text: str, lowered: str) -> Iterator[str]:
    """The keys of all that a text tells, in whatever form."""
    yield from key_set(tokens(without_separators(lowered)))
    for _, key in grouped(lowered):
        yield key
    for plain in decoded(text):
        yield from keys_of(fold(plain).lower())
    for url in _QUERY.findall(lowered):
        for part in _PARTS.split(url):
            yield from keys_of(part)


def _names_secret(passage: Passage, key: str) -> bool:
    """Whether a word for a secret announces the value: before it, in the same line or field."""
    text = passage.text.lower()
    places = list(islice(_places(text, key[:MAX_KEY]), MAX_PLACES))
    if not places:  # written differently there: the record must do
        return tells_of_secret(text)
    return any(_announced(text, start) for start in places)


def _places(text: str, key: str) -> Iterator[int]:
    """Where a value stands, plainly or in groups."""
    if _SEPARATOR.sub("", text).count(key) > text.count(key):
        for found in re.finditer(_BETWEEN.join(map(re.escape, key)), text):
            yield found.start()
        return
    start = text.find(key)
    while start >= 0:
        yield start
        start = text.find(key, start + len(key))


def _announced(text: str, start: int) -> bool:
    return tells_of_secret(_FIELD.split(text[max(0, start - NEAR) : start])[-1])


def _joined(case: Case, lowered: str) -> Passage | None:
    """A secret that was spaced out or cut up: "s k _ 1 9" is still the key."""
    squeezed = squeeze(lowered)
    for source in case.memory.sources[-MAX_SOURCES:]:
        for secret, start, end in source.secrets() if source.confidential else ():
            if secret in squeezed and secret not in case.view.squeezed:
                return Passage(-1, source, start, end, False)
    return None
