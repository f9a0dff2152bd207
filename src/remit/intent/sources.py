"""Results that were taken in, and the passages that they are cut into.

A result is a source; its records and the spans in it that ask for an act are passages, which know where they stand.
What a passage would license and which words it holds is worked out when somebody asks, and kept. Whether a result
is confidential is told by its words, by the look of a key, or by the tool. Everything is hostile text: linear.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice

import msgspec

from remit.catalogue.words import singular, split
from remit.intent.authority import read_grants
from remit.intent.kept import kept
from remit.intent.lexicon import ENGLISH, base, is_noun, licenses
from remit.intent.tables import column, is_table
from remit.intent.values import MAX_TOKEN, key_set, separated, squeeze, token_keys, tokens, without_separators
from remit.intent.views import GrantView, grant_view
from remit.intent.words import words
from remit.terms import Tool

# What a list result holds many of: one mail, one order, one event.
_ITEM = re.compile(r"\n(?=- ?[\w\"' ]{1,40}:)|\}\s{0,80},\s{0,80}\{|\n(?=id\s?[:=])", re.IGNORECASE)
# Words beside which secrets stand; looked for in lower-case text.
CONFIDENTIAL = (
    *words("password passphrase passcode secret api_key apikey api-key private_key access_token credential ssn cvv"),
    *("api key", "private key", "access token", "pin code", "social security", "security code", "confidential"),
    *("passport", "credit card", "card number", "_key", "_token", "-key", "diagnosis", "login code"),
)
# Each of those words holds one of these: most texts hold few, and what is not there need not be looked for in full.
_STEMS = tuple(
    (
        stem,
        tuple(word for word in CONFIDENTIAL if stem in word and " " not in word),
        tuple(word for word in CONFIDENTIAL if stem in word and " " in word),
    )
    for stem in words("pass key secret token cred ssn cvv code security confidential card diagnosis")
)
# Secrets that show what they are: keys of well-known makes, PEM, signed tokens.
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY")
_TOKENS = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\b(?:gh[opsur]|github_pat|glpat|sk|rk|pk|xox[abp])[-_][A-Za-z0-9_-]{16,}"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\."
)
_ANNOUNCED = re.compile(  # of lower-case text
    r"(?:"
    + "|".join(re.escape(word).replace(r"\ ", "[ _-]?") for word in CONFIDENTIAL if word != "confidential")
    + r")\w{0,12}[\"' ]{0,3}(?:is|[:=])?[\"' ]{0,3}([\w.+/=-]{6,512}(?: [\d-]{3,6}){0,5})"
)
LEAST_ANNOUNCED = 8  # characters of a secret that is recognised without its separators
MAX_ANNOUNCED = 64
MAX_SECRET_TEXT = 100_000
MAX_RECORD = 20_000  # characters of a record in which a field is looked for
MAX_PLACES = 16  # of a value in it
_FIELD = re.compile(r"(?:^|[\n{,\[(|]|- )\s{0,8}[\"']?([a-z_][\w.-]{0,38})[\"']?\s?[:=]\s?\[?\s?[\"']?$", re.IGNORECASE)
_RECORD = re.compile(r"^\[\s?[\"']|[\"'][\w -]{1,40}[\"']\s?:\s?\S|^[ \t-]{0,12}[a-z_][\w -]{0,30}: ", re.MULTILINE)
_BEGINS = re.compile(r"\s{0,8}(?:[\[{]|- ?[\w\"' ]{1,40}:)")
_NAME = re.compile(  # what a record calls the person or thing that it is about
    r"(?:^|[\n{,;]|- )\s{0,8}[\"']?(?:[a-z]{1,12}[_ ]?)?(?:name|customer|contact|patient|client|guest|travell?er"
    r"|employee|tenant|member|vendor|supplier|payee|requester|student|owner)[\"']?\s?[:=]\s?[\"']?([^\"'\n,;{}:|]{2,60})",
    re.IGNORECASE,
)
_SENDER = re.compile(  # a field or head of a message, not a word of its text
    r"(?:^|[\n{,\"'\]|]|\d)\s{0,3}[\"']?(?:from|sender|reply[_ -]?to|author)(?:_?(?:address|email))?[\"']?\s?[:=]?"
    r"\s?[\"']?(?:[\w .]{1,40}<)?$"
)
# The same, where fields are quoted and what a text in one of them says may look like a head; looked for in an item.
_SENDER_FIELD = re.compile(
    r"[{,]\s{0,8}[\"'](?:from|sender|author)(?:_?(?:address|email))?[\"']\s?:\s?[\"'](?:[^\"'<>\n]{1,60}<)?([^\s\"'<>]{3,80})"
)
_LETTERS = re.compile(r"[^\W\d_]{2,}")
MAX_GROUPED = 40  # characters of a value that may be written in groups
MAX_BESIDE = 300
LEAST_TELLING = 4  # characters of a word that tells things apart
WORDS = 4  # that make a sentence
_FIELD_NAME = re.compile(r"[\"']?[a-z_][\w-]{0,38}(?: [\w-]{1,20})?[\"']?\s?[:=](?=[\s\"'\d\[{])")
_FIELD_END = re.compile(r"[\"']?\s?(?:[,}\]\n;)|]|$)")
_HEADING = re.compile(r"[*`]{0,2}:[*`]{0,2} |[*`]{0,2} (?:[|–—-]|from|by) |[*`]{1,2} ")
_DIGITS = re.compile(r"\d")
_ENTRY = re.compile(r"[\"']\s?:\s?\{")
_IDENTITY = frozenset(words("id uuid guid identifier number no nr code key ref sku slug handle username serial name"))
_CHOICES = frozenset(
    words(
        """
        status state decision priority severity urgency mode type kind category level tier format method verdict
        outcome resolution disposition language currency unit response rating
        """
    )
)
MAX_SOUGHT = 24  # tokens of one result that are looked for one by one, before all of them are listed
_WHITE = re.compile(r"[^\S ]")  # white space of other scripts, and breaks


def tells_of_secret(lowered: str, said: str = "") -> bool:
    """Whether a word beside which secrets stand is in a text; `said` are its words, each once, where they are known."""
    said = said or lowered
    for stem, single, spaced in _STEMS:
        if stem in said:
            for word in single:
                if word in said:
                    return True
            for word in spaced:
                if word in lowered:
                    return True
    return False


def is_confidential(text: str, lowered: str, said: str, long: str) -> bool:
    """By its words, which are `said`, each once; or by the look of a key, which is one of its long words."""
    return bool(
        tells_of_secret(lowered, said)
        or (long and _TOKENS.search(long))
        or ("PRIVATE KEY" in text and _PEM.search(text))
    )


def lower(text: str) -> str:
    """In lower case, every character in its place: a few letters would become two."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lowered


# From where to where, whether it asks for an act, which cut introduces it (or -1), and whether it says that money goes
# to another account now.
Cut = tuple[int, int, bool, int, bool]


class Standing(msgspec.Struct, gc=False, eq=False):
    """Where in a text its keys stand: in which of the passages, which are the same for whoever takes it in."""

    text: str
    parts: Mapping[str, tuple[str, ...]]  # the tokens in which a key stands, where they are not the key alone
    cuts: list[Cut]  # in order, without a gap
    _said: str | None = None  # by passage, what stands between separators, each between two spaces
    _by_token: dict[str, list[int]] = {}  # the passages of each of them
    _asked: int = 0  # of them, one by one

    def lines(self, key: str, most: int) -> list[int]:
        """The first passages in which a key stands, by number."""
        if len(self.cuts) < 2:
            return [0] if self.cuts else []
        if self._said is None:
            text = separated(lower(self.text))
            if not text.isascii():
                text = _WHITE.sub(" ", text)
            self._said = "\n".join([f" {text[start:end]} " for start, end, *_ in self.cuts])
        tokens = self.parts.get(key) or (key,)
        self._asked += len(tokens)
        if self._asked <= MAX_SOUGHT:
            found = [_lines(self._said, f" {token} ", most) for token in tokens]
        else:
            lines = self._by_token or self._listed(self._said)
            found = [lines.get(token, [])[:most] for token in tokens]
        return found[0] if len(found) == 1 else sorted({line for some in found for line in some})[:most]

    def _listed(self, said: str) -> dict[str, list[int]]:
        """Where every token stands, for texts about which much is asked."""
        for number, line in enumerate(said.split("\n")):
            for token in set(line.split()):
                self._by_token.setdefault(token, []).append(number)
        return self._by_token


def _lines(said: str, token: str, most: int) -> list[int]:
    """The first lines on which a token stands."""
    found: list[int] = []
    number = last = 0
    at = said.find(token)
    while at >= 0 and len(found) < most:
        number += said.count("\n", last, at)
        found.append(number)
        last = said.find("\n", at)
        at = said.find(token, last) if last >= 0 else -1
    return found


class Source(msgspec.Struct, gc=False, eq=False):
    """One result that was taken in.

    It knows where its passages begin and end and none of them by itself: they know it, and a search for garbage would
    have to walk through all that was ever read."""

    decision: str
    tool: Tool
    arguments: tuple[str, ...]  # its call's arguments, as keys
    outside: bool
    text: str  # folded, as indexed
    confidential: bool
    standing: Standing
    first: int = 0  # the number of its first passage
    secret: bool = False  # a tool for secrets answered
    reference: bool = False  # whether the goal refers to it; valid for `view`
    view: object = None
    _items: tuple[int, ...] | None = None
    _structured: bool | None = None
    _announced: "tuple[tuple[str, int, int], ...] | None" = None

    @property
    def structured(self) -> bool:
        """Whether it is written as records with fields, and not as a text: a letter and an invoice have a head, too."""
        if self._structured is None:
            text = self.text[:MAX_RECORD]
            fields = len(_RECORD.findall(text))
            lines = sum(map(bool, map(str.strip, text.splitlines())))
            self._structured = fields > 0 and (bool(_BEGINS.match(text)) or fields * 2 >= lines)
        return self._structured

    def item(self, at: int) -> int:
        """Which item of the result a place belongs to."""
        if self._items is None:
            self._items = tuple([match.start() for match in _ITEM.finditer(self.text)])
        return bisect_right(self._items, at)

    def secrets(self) -> tuple[tuple[str, int, int], ...]:
        """The values of a confidential result that a word for a secret announces, without separators, and where."""
        if self._announced is None:
            found = []
            for match in _ANNOUNCED.finditer(lower(self.text[:MAX_SECRET_TEXT])):
                value = squeeze(match[1])
                if len(value) >= LEAST_ANNOUNCED and any(map(str.isdigit, value)):
                    found.append((value, match.start(), match.end()))
            self._announced = tuple(found[:MAX_ANNOUNCED])
        return self._announced


def _spelled(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Where a value stands, also in groups."""
    at, found = text.find(value), False
    while at >= 0:
        found = True
        yield at, at + len(value)
        at = text.find(value, at + len(value))
    squeezed = squeeze(value)
    if not found and len(squeezed) <= MAX_GROUPED and any(map(str.isdigit, squeezed)):
        for match in re.finditer(r"[\s.,()/-]{0,2}".join(map(re.escape, squeezed)), text):
            yield match.span()


def _among_words(text: str, start: int, end: int) -> bool:
    """Whether more words stand beside a value in its string, or on its line where nothing is quoted."""
    before, after = text[max(0, start - MAX_BESIDE) : start], text[end : end + MAX_BESIDE]
    quote, line = before.rfind('"'), before.rfind("\n")
    beside = before[quote + 1 :] if quote > line else before[line + 1 :].rpartition(": ")[2]
    ends = min((at for at in (after.find('"'), after.find("\n")) if at >= 0), default=len(after))
    return len(_LETTERS.findall(beside)) + len(_LETTERS.findall(after[:ends])) >= WORDS


def _is_entry(text: str, start: int, end: int) -> bool:
    """Whether a value is what a mapping has one of its records under: it tells them apart as an `id` does."""
    return text[start - 1 : start] in ("'", '"') and _ENTRY.match(text, end) is not None


def _heads_line(text: str, start: int, end: int) -> bool:
    """Whether a number stands before all that its line says of one thing: "RX-77: hotel, Ghent, 2 nights"."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return not before.strip("-*#` ") and _HEADING.match(text, end) is not None


@lru_cache(maxsize=2048)
def field_tells(field: str, argument: str) -> bool:
    """Whether a field tells things apart, as an `id` or `number` does, or is what the argument asks for by name."""
    words = split(field)
    if not words:
        return False
    head = singular(words[-1])
    return head in _IDENTITY or head == next((singular(word) for word in reversed(split(argument))), "")


_UNJUDGED: tuple[object, bool] = (None, False)


class Passage(msgspec.Struct, gc=False, eq=False):
    """A record, or a span that asks for an act."""

    number: int
    source: Source
    start: int
    end: int
    instruction: bool
    introduced: "Passage | None" = None  # by the instruction that ends in a colon before it
    moved: bool = False  # says that money goes to another account now
    referred: tuple[object, bool] = _UNJUDGED  # a goal, and whether it defers to where this stands
    linked: tuple[object, bool] = _UNJUDGED  # a goal, and whether this holds something that it names
    _grants: tuple[GrantView, ...] | None = None
    _tokens: frozenset[str] | None = None
    _telling: frozenset[str] | None = None
    _record: str | None = None  # its text in lower case, where it is of a record
    _called: frozenset[str] | None = None

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def field(self, value: str) -> str:
        """The name of the field or column of which a lower-case value is all that it says, or ""."""
        text = self.text[:MAX_RECORD]
        for start, end in islice(_spelled(lower(text), value), MAX_PLACES):
            if _FIELD_END.match(text, end) and (name := _FIELD.search(text, max(0, start - 60), start)):
                return name[1]
            if _is_entry(text, start, end) or (_DIGITS.search(value) and _heads_line(text, start, end)):
                return "id"
            if found := column(text, start, end):
                return found
        return ""

    def sent_by(self, value: str) -> bool:
        """Whether a lower-case value stands where a message says who sent it."""
        text = lower(self.text[:MAX_RECORD])
        return any(
            _SENDER.search(text, max(0, start - 60), start) for start, _ in islice(_spelled(text, value), MAX_PLACES)
        )

    def signed_by(self, value: str) -> bool:
        """Whether a lower-case value is what the first field for it says in an item: what follows may be quoted."""
        text, known = lower(self.text[:MAX_RECORD]), set[int]()
        for match in islice(_SENDER_FIELD.finditer(text), MAX_PLACES):
            item = self.source.item(self.start + match.start(1))
            if item not in known and match[1] == value:
                return True
            known.add(item)
        return False

    @property
    def called(self) -> frozenset[str]:
        """The words of what the record calls whom or what it is about, in lower case: of a person, not of a text."""
        if self._called is None:
            text = lower(self.text[:MAX_RECORD])
            found = [match[1] for match in islice(_NAME.finditer(text), MAX_PLACES)]
            self._called = frozenset(word for name in found for word in _LETTERS.findall(name))
        return self._called

    def told(self, value: str) -> bool:
        """Whether a lower-case value stands only inside what somebody wrote into a field of a record, among words."""
        if self._record is None:
            text = lower(self.text[:MAX_RECORD])
            self._record = text if self.source.structured or _RECORD.search(text) or is_table(text) else ""
        text, found = self._record, False
        for place in islice(_spelled(text, value) if text else (), MAX_PLACES):
            found = True
            if _is_entry(text, *place) or _heads_line(text, *place) or not _among_words(text, *place):
                return False
            if not self.source.text.startswith(("{", "[")) and column(text, *place):
                return False
        return found

    @property
    def tokens(self) -> frozenset[str]:
        """All its words and their parts, the short ones too."""
        if self._tokens is None:
            self._tokens = frozenset(key_set(tokens(without_separators(self.text.lower()))))
        return self._tokens

    @property
    def telling(self) -> frozenset[str]:
        """Those of its words that tell a thing from others of its kind: names, and what no field, kind or act is
        called."""
        if self._telling is None:
            said = _FIELD_NAME.sub(" ", lower(self.text[:MAX_RECORD]))
            self._telling = frozenset(filter(_tells_apart, map(_plain, tokens(without_separators(said)))))
        return self._telling

    def uses(self, word: str) -> bool:
        """Whether it uses a value as a word and not as a name: "approve", "urgent"."""
        return word.islower() and word.replace("-", "").isalpha() and bool(_word(word).search(self.text))

    def named(self, words: Iterable[str]) -> int:
        """How many of these it says; one that it writes as a name says as much as two."""
        return sum([1 if word.isalpha() and not _word(word.capitalize()).search(self.text) else 2 for word in words])

    @property
    def grants(self) -> tuple[GrantView, ...]:
        """What it would license if it were a goal; compiled once."""
        if self.introduced is not None:
            return self.introduced.grants
        if self._grants is None:
            self._grants = _licensed(" ".join(self.text.split()))
        return self._grants

    @property
    def line(self) -> int:
        return self.source.text.count("\n", 0, self.start) + 1


@kept(1024)
def _licensed(text: str) -> tuple[GrantView, ...]:
    """Kept, because several instances read the same mail, and one reads it again."""
    return tuple([grant_view(grant) for grant in read_grants(text) if not grant.forbids])


@lru_cache(maxsize=2048)
def is_choice(argument: str) -> bool:
    """Whether an argument takes one of a few values that the system offers, as a `status` or `priority` does."""
    words = split(argument.replace("[]", ""))
    return bool(words) and singular(words[-1]) in _CHOICES


@kept(4096)
def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@.-]){re.escape(word)}(?![\w@-])")


@kept(8192)
def _plain(token: str) -> str:
    """The key by which it is found: the last one, in which a number stands without separators."""
    return (token_keys(token[:MAX_TOKEN]) or ("",))[-1 if any(map(str.isdigit, token)) else 0]


@kept(8192)
def _tells_apart(word: str) -> bool:
    known = word.isdigit() or word in ENGLISH.stop or is_noun(word) or licenses(word) or base(word)
    return len(word) >= LEAST_TELLING and not known
