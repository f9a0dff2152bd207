"""Where the arguments of a call came from.

Only arguments that matter are asked about: sinks, targets, amounts, and of free text what it embeds (addresses,
accounts, links). Each is looked up as keys; the best honest explanation of a value counts, except that an
outsider's instruction which fits the call is the explanation unless the value was in the goal, or in trusted
data before the outsider spoke. The worst argument is the call's origin.
"""

import re
from functools import lru_cache
from typing import Any

import msgspec

from remit.catalogue.words import split
from remit.intent.lexicon import ENGLISH
from remit.intent.memory import Memory, Passage, Source
from remit.intent.values import (
    SPECIFIC,
    at,
    dates,
    fold,
    grouped,
    keys_of,
    leaves,
    shape,
    significant,
    squeeze,
    token_keys,
    without_separators,
)
from remit.intent.values import TOKEN as _TOKEN
from remit.intent.views import MAX_KNOWN, GoalView, ToolView, tool_view
from remit.intent.words import words
from remit.terms import HIGH_RISK, VERDICTS, Call, FindingKind, OperationClass, Tool

ORIGINS = VERDICTS[FindingKind.GROUNDING]
NONE, GOAL, TRUSTED, REFERENCED, UNKNOWN, OUTSIDER, NOWHERE, INSTRUCTION = range(len(ORIGINS))
MAX_TOKENS = 24  # of one value that are looked up
MAX_VALUES = 64  # of one call
MAX_TEXT = 2_000  # characters of one value that are looked up
MAX_CONTENT = 20_000  # characters of free text that are searched
_C = OperationClass
_RISKY = frozenset((_C.TRANSFER, _C.DELETE, _C.EXECUTE, _C.ADMINISTER))
_STAKES = frozenset(("payment", "password", "role", "address"))  # kinds on which a delegated instruction never suffices


# Arguments that the agent composes: their wording comes from nowhere, what they embed does not.
_COMPOSED = frozenset(
    words(
        """
        command cmd sql query expression code script formula statement prompt thought regex pattern
    """
    )
)


class Origin(msgspec.Struct, gc=False):
    """Where one argument came from."""

    rank: int
    argument: str = ""
    passage: Passage | None = None


class Case:
    """One call against one goal and memory; made for one assessment."""

    __slots__ = ("acts", "call", "keys", "memory", "tool", "tview", "view")

    def __init__(self, call: Call, tool: Tool, view: GoalView, memory: Memory) -> None:
        self.call = call
        self.tool = tool
        self.view = view
        self.tview: ToolView = tool_view(tool)
        self.memory = memory
        self.acts = self.tview.acts
        self.keys: set[str] = set()  # keys of the arguments that matter

    def ground(self) -> tuple[Origin, Origin]:
        """The worst origin of the arguments that matter, and of the sinks alone."""
        worst, sink = Origin(NONE), Origin(NONE)
        arguments = self.call.arguments
        done = set()
        for path in self.tool.sinks:
            done.add(path)
            sink = self._worst(sink, path, at(arguments, path), True)
        worst = sink
        for path in (*self.tool.targets, *self.tool.amounts):
            if path not in done:
                done.add(path)
                if path.rpartition(".")[2].lower() in _COMPOSED:
                    worst = self._other(worst, path, at(arguments, path), True)
                elif _is_origin(path):  # what is drawn on is the asker's own
                    worst = self._other(worst, path, at(arguments, path), False)
                else:
                    worst = self._worst(worst, path, at(arguments, path), path not in self.tool.amounts)
        for name, value in arguments.items():
            if name not in done:
                worst = self._other(worst, name, value, name in self.tool.content)
        return worst, sink

    def _worst(self, worst: Origin, path: str, value: Any, must: bool) -> Origin:
        for count, text in enumerate(leaves(value)):
            if count >= MAX_VALUES:
                break
            rank, passage = self.origin(text)
            if rank == NOWHERE and (not must or _computed(text)):
                continue
            if rank == INSTRUCTION and not must and passage and self.refers_by_name(passage.source):
                rank = REFERENCED  # an amount that the item named by the goal asks for
            if rank > worst.rank:
                worst = Origin(rank, path, passage)
        return worst

    def _other(self, worst: Origin, name: str, value: Any, content: bool) -> Origin:
        """Arguments without a role count only where an instruction shows in them."""
        if worst.rank == INSTRUCTION or not self.memory.spoken:
            return worst
        for count, text in enumerate(leaves(value)):
            if count >= MAX_VALUES:
                break
            if content or len(text) > 80:
                pieces = [match[0] for match in SPECIFIC.finditer(text[:MAX_CONTENT])]
            else:
                pieces = [] if _computed(text) else [text]
            for piece in pieces[:MAX_VALUES]:
                rank, passage = self.origin(piece)
                if rank == INSTRUCTION:
                    return Origin(rank, name, passage)
        return worst

    def origin(self, text: str) -> tuple[int, Passage | None]:
        """Where one value came from; `NONE` when it is too short or common to tell."""
        view = self.view
        if (known := view.known.get(text)) is not None:
            self.keys |= known
            return GOAL, None
        mine = set()
        lowered = without_separators(fold(text[:MAX_TEXT]).lower())
        rank, passage, found, asked = NONE, None, 0, 0
        for token in _TOKEN.findall(lowered):
            parts = token_keys(token[:512])
            if not parts or not significant(parts[0]) or parts[0] in ENGLISH.stop:
                continue
            asked += 1
            if asked > MAX_TOKENS:
                break
            mine.add(parts[0])
            one, where = self._token(parts)
            if one != NOWHERE:
                found += 1
                if one > rank:
                    rank, passage = one, where
        if not asked:
            return NONE, None
        self.keys |= mine
        if rank == GOAL and found == asked and len(view.known) < MAX_KNOWN:
            view.known[text] = frozenset(mine)
        if found * 2 >= asked and rank != NONE:
            return rank, passage
        for _, key in (*grouped(lowered), *dates(lowered)):
            if key in view.keys:
                return GOAL, None
            places = self.memory.seen(key)
            if places:
                return self._judge(places)
        squeezed = squeeze(lowered)
        if len(squeezed) >= 5 and squeezed in view.squeezed:
            return GOAL, None
        if rank == INSTRUCTION:
            return rank, passage
        return (UNKNOWN if self.memory.gaps or self.memory.overflowed else NOWHERE), None

    def _token(self, parts: tuple[str, ...]) -> tuple[int, Passage | None]:
        """A token as a whole; failing that, the worst of its parts when all of them are known (a joined address)."""
        keys, seen = self.view.keys, self.memory.seen
        whole = parts[0]
        if whole in keys:
            return GOAL, None
        for key in _sayings(parts):
            if key in keys and significant(key):
                return GOAL, None
            places = seen(key)
            if places and significant(key):
                one, where = self._judge(places)
                if (
                    one == OUTSIDER
                    and shape(whole) == "name"
                    and any(len(piece) > 3 and piece in keys and piece not in ENGLISH.stop for piece in _split(whole))
                ):
                    one = REFERENCED  # `driver-9` is the driver of whom the goal speaks
                return one, where
        rank, passage = NONE, None
        pieces = [piece for piece in _split(whole) if significant(piece) and piece not in ENGLISH.stop]
        if len(pieces) == 1 and pieces[0] == whole:
            return NOWHERE, None
        for piece in pieces:
            if piece in keys:
                rank = max(rank, GOAL)
            elif places := seen(piece):
                one, where = self._judge(places)
                if one > rank:
                    rank, passage = one, where
            else:
                return NOWHERE, None
        return (rank, passage) if rank != NONE else (NOWHERE, None)

    def _judge(self, places: list[Passage]) -> tuple[int, Passage | None]:
        """The origin of a value that was seen in these passages."""
        best, where = INSTRUCTION, None
        spoken = None
        for passage in places:
            instruction = passage if passage.instruction else passage.introduced
            if not passage.source.outside:
                rank = TRUSTED
            elif instruction is not None and not (
                passage.introduced and self.refers(passage.source) and self.refers_by_name(passage.source)
            ):
                if not self.delegated(instruction):
                    spoken = spoken or passage
                    continue
                rank = OUTSIDER if self._stakes() else REFERENCED
            else:
                relied = (self.view.acts or not self.acts) and (self.refers(passage.source) or self._linked(passage))
                rank = REFERENCED if relied else OUTSIDER
            if rank < best:
                best, where = rank, passage
        if spoken is None:
            return best, where
        if where is None:
            return INSTRUCTION, spoken
        if best == TRUSTED and where.number < spoken.number:
            return best, where
        return (INSTRUCTION, spoken) if self.fits(spoken) else (best, where)

    def _stakes(self) -> bool:
        return bool(self.acts and (_RISKY & self.tview.classes or _STAKES & self.tview.kinds))

    def refers_by_name(self, source: Source) -> bool:
        """Whether the goal names an argument of the call that the result answers."""
        keys = self.view.keys
        return any(key == "" or (key in keys and significant(key)) for key in source.arguments)

    def refers(self, source: Source) -> bool:
        """Whether the goal refers to the item that a result is: by name, by kind, or through one that it refers to."""
        if source.view is self.view:
            return source.reference
        source.view, source.reference = self.view, False
        kinds = tool_view(source.tool).kinds
        found = self.refers_by_name(source) or bool(tool_view(source.tool).about & self.view.about)
        found = found or (not source.arguments and not _OWN.isdisjoint(tool_view(source.tool).words))
        if not found and self.view.handed:  # the goal is what the source asks for
            found = any(
                kinds & grant.kinds
                for passage in self.memory.spoken
                if passage.source is not source and self.delegated(passage)
                for grant in passage.grants
            )
        if not found:
            for key in source.arguments:
                places = self.memory.seen(key) if significant(key) else ()
                if any(not p.instruction and p.source is not source and self.refers(p.source) for p in places[:4]):
                    found = True
                    break
        source.reference = found
        return found

    def _linked(self, passage: Passage) -> bool:
        """Whether the record names something that the goal names."""
        return any(passage in self.memory.seen(name) for name in self.view.names)

    def delegated(self, passage: Passage) -> bool:
        """Whether the goal defers to where this instruction stands, for what this call does."""
        view = self.view
        if not view.sources and not view.source_kinds:
            return False
        source = passage.source
        named = {
            source.item(place.start)
            for name in view.sources
            for place in self.memory.seen(name)
            if place.source is source and not place.instruction
        }
        # what the result answers is named; where it is a list, only the items that are named are meant
        here = source.item(passage.start) in named if named else not view.sources.isdisjoint(source.arguments)
        if not here and view.source_kinds and not view.sources:
            here = not view.source_kinds.isdisjoint(tool_view(source.tool).kinds)
        if not here:
            return False
        if view.handed or not self.acts:
            return True
        classes = self.tview.classes - _READING
        return any(
            grant.sources
            and (classes & grant.classes or classes & grant.related)
            and (grant.names <= grant.sources or not self.keys.isdisjoint(grant.names))
            for grant in view.grants
        )

    def fits(self, passage: Passage) -> bool:
        """Whether the instruction, read as a goal, would license this call."""
        return any(
            grant.classes & self.tview.classes - _READING
            or (grant.related & self.tview.classes and grant.kinds & self.tview.kinds)
            if self.acts
            else _C.READ in grant.classes
            for grant in passage.grants
        )

    def steered(self, worst: Origin, asked: bool, alike: bool, outside: bool) -> Origin | None:
        """An instruction that fits the call's class and kind of thing, though no argument that matters came from it.

        One that nobody deferred to is an outsider's; one that the goal defers to still is, for money and access that
        the goal does not speak of. Where the goal asks for such a call itself (`asked`), or for something about the
        same things, it must be the better explanation: the call carries what only the instruction says.
        """
        plain = worst.rank in (GOAL, TRUSTED)
        unspoken = not (self.tview.classes & HIGH_RISK <= self.view.classes)
        for passage in self.memory.spoken[-MAX_VALUES:]:
            if not any(
                (grant.classes & self.tview.classes) - _READING and grant.kinds & self.tview.kinds
                for grant in passage.grants
            ):
                continue
            if self.delegated(passage):
                if not asked and self._stakes() and not self.tview.kinds & _STAKES & self.view.kinds:
                    return Origin(OUTSIDER, "", passage)
            elif (not asked and (worst.rank != GOAL or outside or unspoken)) or (
                not (asked and alike and worst.rank != GOAL and self.refers_by_name(passage.source))
                and ((not plain and self.tview.classes & HIGH_RISK) or self._carries(passage))
            ):
                return Origin(INSTRUCTION, "", passage)
        return None

    def _carries(self, passage: Passage) -> bool:
        """Whether an argument repeats what the passage says and the goal does not."""
        keys = self.view.keys
        for count, text in enumerate(leaves(self.call.arguments)):
            if count >= MAX_VALUES:
                break
            told = [token for token in keys_of(fold(text[:MAX_TEXT]).lower()) if token not in ENGLISH.stop]
            new = [token for token in told if token not in keys]
            if new and len(new) * 2 >= len(told) and passage.tokens.issuperset(new[:MAX_TOKENS]):
                return True
        return False


_READING = frozenset((_C.READ,))
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")
_ORIGINS = frozenset(words("from source sender origin debit"))
# What a tool tells without being asked for anything in particular: the asker's own facts.
_OWN = frozenset(words("profile preference setting saved payee beneficiary wallet passport whoami me account"))


@lru_cache(maxsize=4096)
def _is_origin(path: str) -> bool:
    return not _ORIGINS.isdisjoint(split(path))


def _sayings(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Which keys of a token say where it came from: an address as a whole, a link by its host, never by its end."""
    if len(parts) < 2:
        return parts
    if "@" in parts[0]:
        return parts[:1]
    host, slash, _ = parts[0].partition("/")
    if slash and _HOST.fullmatch(host):
        return (parts[0], host)
    return parts


def _split(token: str) -> list[str]:
    for mark in "@./_-+":
        token = token.replace(mark, " ")
    return token.split()


def _computed(text: str) -> bool:
    """Numbers and dates are computed all the time: that nobody wrote them says nothing."""
    return all(c.isdigit() or c in " .,:/+-%$€£TZ" for c in text)
