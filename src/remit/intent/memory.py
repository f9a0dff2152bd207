"""What one instance has taken in: where each value was seen, and which passages speak to the reader.

Every result is indexed once, when it is taken in, so that asking where a value came from costs a few dictionary
look-ups however much was read. The threat: a value that an outsider slipped in must be known as his even when
it is written differently later, and an echo of the agent's own arguments must not launder it. Bounded: what
falls out makes `overflowed` true, and from then on a value that is not found is of unknown origin, not
invented. Single-threaded: the instance's path owns it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from remit.intent.authority import read_grants
from remit.intent.lexicon import ENGLISH
from remit.intent.passages import instructions
from remit.intent.values import (
    COMMON,
    MAX_TOKEN,
    TOKEN,
    decoded,
    fold,
    grouped,
    keys_of,
    leaves,
    squeeze,
    token_keys,
    unescape,
    without_separators,
)
from remit.intent.views import GrantView, grant_view, tool_view
from remit.intent.words import words
from remit.terms import Confidentiality, Integrity, Label, Tool

IDLE = COMMON | ENGLISH.stop
# Plain text is cut into records: what stands together in a list item, an object or a paragraph belongs together.
_RECORD = re.compile(r"\n(?=\s{0,4}- )|\n\s*\n|\}\s*,\s*\{")
# What a list result holds many of: one mail, one order, one event.
_ITEM = re.compile(r"\n(?=- ?[\w\"' ]{1,40}:)|\}\s{0,80},\s{0,80}\{|\n(?=id\s?[:=])", re.IGNORECASE)
# Words beside which secrets stand; looked for in lower-case text.
CONFIDENTIAL = (
    *words("password passphrase passcode secret api_key apikey api-key private_key access_token credential ssn cvv"),
    *("api key", "private key", "access token", "pin code", "social security", "security code", "confidential"),
    *("passport", "credit card", "card number", "_key", "_token", "-key", "diagnosis", "login code"),
)
# Secrets that show what they are: keys of well-known makes, PEM, signed tokens.
_TOKENS = re.compile(
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\b(?:gh[opsur]|github_pat|glpat|sk|rk|pk|xox[abp])"
    r"[-_][A-Za-z0-9_-]{16,}|\beyJ[\w-]{10,}\.[\w-]{10,}\."
)
_MARKS = words("PRIVATE AKIA ASIA ghp ghs gho ghu ghr github_pat glpat sk- sk_ rk_ pk_ xox eyJ")
_ANNOUNCED = re.compile(
    r"(?:"
    + "|".join(re.escape(word).replace(r"\ ", "[ _-]?") for word in CONFIDENTIAL if word != "confidential")
    + r")\w{0,12}[\"' ]{0,3}(?:is|[:=])?[\"' ]{0,3}([\w.+/=-]{6,512}(?: [\d-]{3,6}){0,5})",
    re.IGNORECASE,
)
LEAST_ANNOUNCED = 8  # characters of a secret that is recognised without its separators
MAX_ANNOUNCED = 64
MAX_SECRET_TEXT = 100_000
_OVERHEAD = 3  # bytes of index for each byte of text, roughly; the limit is on the sum
MAX_COMPILED = 2  # instructions of one result that are compiled at once
MAX_HIDDEN = 4_096  # characters of one decoded token
MAX_POSTINGS = 24  # places kept for one key: the first ones tell where it came from


def _shows_key(text: str) -> bool:
    """Whether a key of a known make stands there; most texts hold not even the beginning of one."""
    return any(mark in text for mark in _MARKS) and bool(_TOKENS.search(text))


class Source:
    """One result that was taken in."""

    __slots__ = (
        "_items",
        "announced",
        "arguments",
        "confidential",
        "decision",
        "outside",
        "reference",
        "secret",
        "text",
        "tool",
        "view",
    )

    def __init__(
        self, decision: str, tool: Tool, arguments: tuple[str, ...], outside: bool, text: str, lowered: str
    ) -> None:
        self.decision = decision
        self.tool = tool
        self.arguments = arguments  # its call's arguments, as keys
        self.outside = outside
        self.text = text  # folded, as indexed
        self.secret = "password" in tool_view(tool).kinds  # the tool says that it tells secrets
        self.confidential = self.secret or any(word in lowered for word in CONFIDENTIAL) or _shows_key(text)
        self.reference = False  # whether the goal refers to it; valid for `view`
        self.view: object = None
        self._items: list[int] | None = None
        self.announced: tuple[tuple[str, Passage], ...] | None = None

    def item(self, at: int) -> int:
        """Which item of the result a place belongs to."""
        if self._items is None:
            self._items = [match.start() for match in _ITEM.finditer(self.text)]
        return bisect_right(self._items, at)


class Passage:
    """A record, or a span that asks for an act."""

    __slots__ = ("_grants", "_tokens", "end", "instruction", "introduced", "number", "source", "start")

    def __init__(self, number: int, source: Source, start: int, end: int, instruction: bool) -> None:
        self.number = number
        self.source = source
        self.start = start
        self.end = end
        self.instruction = instruction
        self.introduced: Passage | None = None  # the instruction that ends in a colon before it
        self._grants: tuple[GrantView, ...] | None = None
        self._tokens: frozenset[str] | None = None

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def tokens(self) -> frozenset[str]:
        """All its words and their parts, the short ones too."""
        if self._tokens is None:
            self._tokens = frozenset(keys_of(without_separators(self.text.lower())))
        return self._tokens

    @property
    def grants(self) -> tuple[GrantView, ...]:
        """What it would license if it were a goal; compiled once."""
        if self.introduced is not None:
            return self.introduced.grants
        if self._grants is None:
            self._grants = tuple(grant_view(grant) for grant in read_grants(" ".join(self.text.split())))
        return self._grants

    @property
    def line(self) -> int:
        return self.source.text.count("\n", 0, self.start) + 1


class Memory:
    """Where values came from, per instance; mutable."""

    def __init__(self, limit_bytes: int = 4_000_000) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._gaps = False
        self._overflowed = False
        self._index: dict[str, list[Passage]] = {}
        self._count = 0
        self.sources: list[Source] = []
        self.spoken: list[Passage] = []  # passages that ask for an act
        self.own: set[str] = set()  # keys of the arguments of calls that were let through: they echo

    @property
    def gaps(self) -> bool:
        """Whether a result was not attested."""
        return self._gaps

    @property
    def overflowed(self) -> bool:
        """Whether something fell out."""
        return self._overflowed

    @property
    def empty(self) -> bool:
        return not self.sources

    def take_in(
        self,
        *,
        decision: str,
        tool: Tool,
        arguments: Mapping[str, Any],
        content: str | None,
        outside: bool,
        goal_named: bool = False,
    ) -> Label:
        """Index a result. Returns its label; `content` None means that the result was not attested."""
        label = Label(
            integrity=Integrity.OUTSIDE if outside else Integrity.INTERNAL,
            confidentiality=Confidentiality.INTERNAL,
            origins=(str(tool.id),),
        )
        if content is None:
            self._gaps = True
            return label
        own = tuple(key for leaf in leaves(arguments) for key in _argument_keys(leaf))
        text = fold(unescape(content))
        if self._size + len(text) * _OVERHEAD > self._limit:
            self._overflowed = True
            text = text[: max(0, (self._limit - self._size) // _OVERHEAD)]
        hidden = [fold(plain)[:MAX_HIDDEN] for plain in decoded(text)][:64]
        text = "\n\n".join((text, *hidden)) if hidden else text
        lowered = text.lower()
        if len(lowered) != len(text):  # a few letters change length in lower case
            lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        source = Source(decision, tool, own, outside, text, lowered)
        if goal_named:
            source.arguments = (*own, "")  # the empty key is in every goal
        self._size += len(text) * _OVERHEAD
        self.sources.append(source)
        spoken = len(self.spoken)
        self._index_text(source, lowered, frozenset(own))
        for passage in self.spoken[spoken : spoken + MAX_COMPILED]:
            _ = passage.grants  # compiled here, so that the next call need not wait for it
        if source.confidential:
            return Label(integrity=label.integrity, confidentiality=Confidentiality.CONFIDENTIAL, origins=label.origins)
        return label

    def secrets(self, source: Source) -> tuple[tuple[str, "Passage"], ...]:
        """The values of a confidential result that a word for a secret announces, without separators."""
        if not source.confidential:
            return ()
        if source.announced is None:
            found = []
            text = source.text[:MAX_SECRET_TEXT]
            for match in _ANNOUNCED.finditer(text):
                value = squeeze(match[1].lower())
                if len(value) >= LEAST_ANNOUNCED and any(c.isdigit() for c in value):
                    found.append((value, Passage(-1, source, match.start(), match.end(), False)))
            source.announced = tuple(found[:MAX_ANNOUNCED])
        return source.announced

    def seen(self, key: str) -> list[Passage]:
        """The passages that hold a key, oldest first."""
        return self._index.get(key, _NOWHERE)

    def _index_text(self, source: Source, lowered: str, echoes: frozenset[str]) -> None:
        text = source.text
        last = 0
        passages: list[Passage] = []
        spans = list(instructions(text)) if source.outside else []
        for number, (start, end) in enumerate(spans):
            passages += self._records(source, last, start)
            asked = self._passage(source, start, end, True)
            passages.append(asked)
            last = end
            if text.startswith(":", end):
                follows = spans[number + 1][0] if number + 1 < len(spans) else len(text)
                last = min(_after(text, end), follows)
                shown = self._passage(source, end, last, False)
                shown.introduced = asked
                passages.append(shown)
        passages += self._records(source, last, len(text))
        index, find = self._index, TOKEN.findall
        for passage in passages:
            for token in set(find(lowered, passage.start, passage.end)):
                if len(token) < 3 or token in IDLE:
                    continue  # says nothing about where it came from
                for key in token_keys(token[:MAX_TOKEN]):
                    postings = index.get(key)
                    if postings is None:
                        if key not in echoes:
                            index[key] = [passage]
                    elif len(postings) < MAX_POSTINGS and postings[-1] is not passage and key not in echoes:
                        postings.append(passage)
        self._index_groups(lowered, passages, echoes)

    def _index_groups(self, lowered: str, passages: list[Passage], echoes: frozenset[str]) -> None:
        at = 0
        for start, key in grouped(lowered):
            while at + 1 < len(passages) and passages[at].end <= start:
                at += 1
            if key in echoes:
                continue
            postings = self._index.setdefault(key, [])
            if len(postings) < MAX_POSTINGS and (not postings or postings[-1] is not passages[at]):
                postings.append(passages[at])

    def _records(self, source: Source, start: int, end: int) -> Iterator[Passage]:
        last = start
        for match in _RECORD.finditer(source.text, start, end):
            if match.start() > last:
                yield self._passage(source, last, match.start(), False)
            last = match.start()
        if end > last:
            yield self._passage(source, last, end, False)

    def _passage(self, source: Source, start: int, end: int, instruction: bool) -> Passage:
        passage = Passage(self._count, source, start, end, instruction)
        self._count += 1
        if instruction:
            self.spoken.append(passage)
        return passage


_NOWHERE: list[Passage] = []


def _after(text: str, colon: int) -> int:
    """The end of what a colon introduces: its line, or the next one when nothing follows on the line."""
    end = text.find("\n", colon + 1)
    if end >= 0 and not text[colon + 1 : end].strip():
        end = text.find("\n", end + 1)
    return min(end if end >= 0 else len(text), colon + 300)


def _argument_keys(leaf: str) -> Iterator[str]:
    """Keys of one argument: short ones only, a message is not the name of anything."""
    if len(leaf) <= 300:
        for token in TOKEN.findall(fold(leaf).lower()):
            yield from token_keys(token[:MAX_TOKEN])
