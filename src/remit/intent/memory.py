"""What one instance has taken in: where each value was seen, and which passages speak to the reader.

Every result is indexed once, when it is taken in, so that asking where a value came from costs a few dictionary look-ups
however much was read. The threat: a value that an outsider slipped in must be known as his even when it is written
differently later, and an echo of the agent's own arguments must not launder it. Bounded: what falls out makes `overflowed`
true, and from then on a value that is not found is of unknown origin, not invented. Single-threaded: the instance's path
owns it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from remit.intent.passages import instructions
from remit.intent.values import TOKEN, dates, decoded, fold, grouped, leaves, token_keys, unescape
from remit.terms import Confidentiality, Integrity, Label, Tool

# Plain text is cut into records: what stands together in a list item, an object or a paragraph belongs together.
_RECORD = re.compile(r"\n(?=\s{0,4}- )|\n\s*\n|\}\s*,\s*\{")
_CONFIDENTIAL = re.compile(
    r"\b(?:pass(?:word|phrase|code)s?|secrets?|api[ _-]?keys?|secret keys?|private keys?|access[ _-]?tokens?|credentials?|pin code|"
    r"ssn|social security|security code|cvv|confidential)\b",
    re.I,
)
_OVERHEAD = 3  # bytes of index for each byte of text, roughly; the limit is on the sum
MAX_POSTINGS = 24  # places kept for one key: the first ones tell where it came from


class Source:
    """One result that was taken in."""

    __slots__ = ("arguments", "confidential", "decision", "outside", "reference", "text", "tool", "view")

    def __init__(self, decision: str, tool: Tool, arguments: tuple[str, ...], outside: bool, text: str) -> None:
        self.decision = decision
        self.tool = tool
        self.arguments = arguments  # its call's arguments, as keys
        self.outside = outside
        self.text = text  # folded, as indexed
        self.confidential = bool(_CONFIDENTIAL.search(text))
        self.reference = False  # whether the goal refers to it; valid for `view`
        self.view: object = None


class Passage:
    """A record, or a span that asks for an act."""

    __slots__ = ("end", "grants", "instruction", "introduced", "number", "source", "start")

    def __init__(self, number: int, source: Source, start: int, end: int, instruction: bool) -> None:
        self.number = number
        self.source = source
        self.start = start
        self.end = end
        self.instruction = instruction
        self.introduced: Passage | None = None  # the instruction that ends in a colon before it
        self.grants: Any = None  # what it would license if it were a goal; compiled when first asked for

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

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
        text = unescape(fold(content))
        if self._size + len(text) * _OVERHEAD > self._limit:
            self._overflowed = True
            text = text[: max(0, (self._limit - self._size) // _OVERHEAD)]
        source = Source(decision, tool, own, outside, text)
        if goal_named:
            source.arguments = (*own, "")  # the empty key is in every goal
        self._size += len(text) * _OVERHEAD
        self.sources.append(source)
        self._index_text(source, frozenset(own))
        if source.confidential:
            return Label(integrity=label.integrity, confidentiality=Confidentiality.CONFIDENTIAL, origins=label.origins)
        return label

    def seen(self, key: str) -> list[Passage]:
        """The passages that hold a key, oldest first."""
        return self._index.get(key, _NOWHERE)

    def _index_text(self, source: Source, echoes: frozenset[str]) -> None:
        text = source.text
        for _, plain in list(decoded(text))[:64]:
            source.text += "\n\n" + fold(plain)[:4096]
        text = source.text
        last = 0
        passages = []
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
        lowered = text.lower()
        if len(lowered) != len(text):  # a few letters change length in lower case
            lowered = text
        index = self._index
        for passage in passages:
            for token in TOKEN.findall(lowered, passage.start, passage.end):
                for key in token_keys(token[:512]):
                    postings = index.get(key)
                    if postings is None:
                        if key not in echoes:
                            index[key] = [passage]
                    elif postings[-1] is not passage and len(postings) < MAX_POSTINGS and key not in echoes:
                        postings.append(passage)
        self._index_formats(lowered, passages, echoes)

    def _index_formats(self, lowered: str, passages: list[Passage], echoes: frozenset[str]) -> None:
        at = 0
        for start, key in sorted([*grouped(lowered), *dates(lowered)]):
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
            yield from token_keys(token[:512])
