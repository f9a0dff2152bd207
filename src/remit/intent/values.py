"""Values in one canonical form, so that the same thing written in two ways is found again.

An attacker who may choose the spelling must not be able to hide where a value came from, and an honest agent
that reformats a date or groups an IBAN must not look like one who invents. So text becomes *keys*: lower case,
homoglyphs and invisible characters folded, URLs without scheme, `www.` and trailing slash, numbers without
separators, account numbers without grouping; percent, base64 and hex are undone. Limits: a paraphrase is not a
value; a number that was computed is nowhere. All of it is linear in the text, with ceilings: the text is
hostile.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from sys import maxsize
from typing import Any

from remit.intent.kept import kept
from remit.intent.words import words

MAX_TOKEN = 512  # characters of one token that are kept; longer ones are payload, not names
MAX_DEPTH = 8  # of arguments that are looked into
MAX_NESTED = 3  # strings in strings that are undone

_BREAKS = "\"'`<>()[]{},;:|=*!?\\^"  # what separates tokens, beside white space
# Tables of bytes: to translate them, where a text allows it, takes a tenth of the time that a text itself takes.
_SPACED = bytes(ord(" ") if chr(code) in _BREAKS or chr(code).isspace() else code for code in range(256))
_PUNCTUATION = bytes(code for code in range(128) if not chr(code).isalnum())
_GROUPED = re.compile(r"(?<!\w)(?:[a-z]{2}\d\d(?: [a-z0-9]{1,4}){2,8}|\d{2,4}(?: \d{2,4}){2,6})(?!\w)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
_GROUP = re.compile(r"\d [a-z0-9]{2,4} [a-z0-9]{2,4}(?![a-z])")
_GROUP_ASCII = re.compile(rb"0 [a-z0]{2,4} [a-z0]{2,4}(?![a-z])")  # where each digit is 0
_DIGITS = bytes(ord("0") if chr(code) in "123456789" else code for code in range(256))
_SEPARATORS = re.compile(r"[\W_]+")
_PARTS = re.compile(r"[._+-]")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_NUMBER = re.compile(r"[-+]?\d[\d,_']*(?:\.\d+)?%?")
_FILE = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]\w{1,4}")
_DATE = re.compile(
    r"\b(?:(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
    r"|(\d{1,2})[/.](\d{1,2})[/.](\d{4})"
    r"|(?:(\d{1,2})(?:st|nd|rd|th)? (?:of )?)?"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?: (\d{1,2})(?:st|nd|rd|th)?)?(?:,? (\d{4}))?)\b"
)
_DIGIT = re.compile(r"\d")
# One of these stands in every date, so that most texts need not be searched for all of its forms.
_DATE_HINT = re.compile(r"\d[-/.]\d")
_MONTH_HINT = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec")
_MONTHS = {name: i for i, name in enumerate(words("jan feb mar apr may jun jul aug sep oct nov dec"), 1)}
# What stands inside free text and means one thing only: addresses, accounts, long identifiers.
_ENDINGS = "|".join(
    words("com org net io dev ai app co info biz xyz ru cn de uk edu gov me to ly sh onion site online example test")
)
REACHING = re.compile(r"[\d@/]")  # one of these stands in whatever is reached: an account, an address, a street
SPECIFIC = re.compile(
    r"(?:https?://|ftp://)[^\s\"'<>]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|\bwww\.[^\s\"'<>]+"
    rf"|(?<![\w.-])[a-z0-9-]{{1,63}}(?:\.[a-z0-9-]{{1,63}}){{0,8}}\.(?:{_ENDINGS})(?:/[^\s\"'<>]*)?\b"
    r"|\b[a-z]{2}\d{2}[a-z0-9]{8,30}\b|\b0x[0-9a-f]{16,}\b|(?<![\d-])\+?\d[\d -]{8,30}\d",
    re.IGNORECASE,
)
# What each of them holds somewhere; most texts hold none of it, and to look for this is cheap: by one character first.
_HINT = re.compile(
    rf"[:@.\d](?:(?<=:)//|(?<=@)[\w-]|(?<=\.)(?:(?<=www\.)\S|(?:{_ENDINGS})\b)|(?<=\d)(?:[^\W_]{{9}}|[\d -]{{9}}))",
    re.IGNORECASE,
)

# Letters of other alphabets that look like Latin ones, each before the letter it imitates.
_FOLD = str.maketrans(
    {
        pair[0]: pair[1]
        for pair in words(
            """
        аa еe оo рp сc уy хx іi јj ѕs һh ԁd ԛq ԝw ӏl αa εe οo ρp υu χx ιi κk τt νv ΑA ΒB ΕE ΖZ ΗH ΙI ΚK
        ΜM ΝN ΟO ΡP ΤT ΥY ΧX АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ІI ЈJ ЅS
    """
        )
    }
)
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x034F, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
     *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080)]
)  # fmt: skip
_ALIKE = re.compile(f"[{''.join(map(chr, _FOLD))}]")  # to look for one is much cheaper than to translate
_HIDDEN = re.compile(f"[{''.join(chr(c) for c in _INVISIBLE if c <= 0xFFFF)}]")
_TAGS = re.compile("[\U000e0000-\U000e007f]")  # apart: beside these the set above would be searched one by one
_EDGES = ".-/_#$€£@&~+%"
# Too common to tell anything about where they came from.
COMMON = frozenset(
    words(
        """
        true false none null yes no me my you your self user admin all any new old the and for with from
        this that not other default auto test text file name type date time today tomorrow yesterday now
        low medium high open closed active inactive pending completed done status unknown main general
        public private internal home work mr mrs ms dr com org net www http https html json txt csv pdf
        view viewer read reader readonly asc desc en usd eur gbp id ok success error
    """
    )
)


def specific(text: str, start: int, end: int) -> re.Match[str] | None:
    """The first address, link, account or long identifier of a part of a text."""
    return SPECIFIC.search(text, start, end) if _HINT.search(text, start, end) else None


def is_specific(text: str) -> bool:
    """Whether a text is one of them and nothing else."""
    return bool(_HINT.search(text) and SPECIFIC.fullmatch(text))


def specifics(text: str) -> list[str]:
    """All of them, as written."""
    return [match[0] for match in SPECIFIC.finditer(text)] if _HINT.search(text) else []


def fold(text: str) -> str:
    """Compatibility forms, homoglyphs and invisible characters folded; case kept."""
    if text.isascii():
        return text
    if _HIDDEN.search(text) or _TAGS.search(text):
        text = text.translate(_INVISIBLE)
    text = unicodedata.normalize("NFKC", text)
    return text.translate(_FOLD) if _ALIKE.search(text) else text


def unescape(text: str) -> str:
    """JSON and string escapes inside text undone, so that a line is a line."""
    if "\\" not in text:
        return text
    for _ in range(MAX_NESTED):  # JSON in a string in JSON
        if "\\\\" not in text:
            break
        text = text.replace("\\\\", "\\")
    text = text.replace("\\n", "\n").replace("\\t", " ").replace("\\r", "\n").replace('\\"', '"').replace("\\'", "'")
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if not 0xD800 <= int(m[1], 16) < 0xE000 else " ", text)


def number(text: str) -> str:
    """A number without separators and trailing zeros: `1,200.00` → `1200`; "" when it is none."""
    if not _NUMBER.fullmatch(text):
        return ""
    plain = text.strip("+%").replace(",", "").replace("_", "").replace("'", "")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain


def keys_of_token(token: str) -> tuple[str, ...]:
    """The keys under which one lower-case token is found: itself first, then the parts that have a meaning alone."""
    if token.isalnum():
        return (token,)
    bare = token.strip(_EDGES)
    if not bare or len(bare) > MAX_TOKEN:
        return (bare[:MAX_TOKEN],) if bare else ()
    if not bare[0].isalpha() and (value := number(bare)):
        return (value,)
    bare = bare.removeprefix("www.")
    keys = [bare]
    if "@" in bare:
        local, _, domain = bare.rpartition("@")
        keys += [local, domain, *_PARTS.split(local)] if len(local) <= 64 else [local, domain]
    elif "/" in bare:
        keys += [bare.rpartition("/")[2], bare.lstrip("/").partition("/")[0]]
    if "'" not in bare and ("-" in bare or "_" in bare or "." in bare):
        squeezed = bare.replace("-", "").replace("_", "").replace(".", "")
        if _DIGIT.search(squeezed) or not (squeezed.isascii() or not any(map(str.isdigit, squeezed))):
            keys.append(squeezed)
    return tuple(keys)


token_keys = kept(16384)(keys_of_token)


def without_separators(text: str) -> str:
    """Numbers without thousands separators."""
    return _THOUSANDS.sub("", text) if "," in text else text


def separated(lowered: str) -> str:
    """White space for every separator, each character in its place; by the cheapest way for such a text."""
    if lowered.isascii():
        return lowered.encode("ascii").translate(_SPACED).decode("ascii")
    for mark in _BREAKS + "´‘’“”":
        lowered = lowered.replace(mark, " ")
    return lowered


def tokens(lowered: str) -> list[str]:
    """What stands between separators, in order."""
    return separated(lowered).split()


def keys_of(lowered: str) -> Iterator[str]:
    """All keys of a text that is folded and lower-case already."""
    for token in tokens(lowered):
        yield from token_keys(token[:MAX_TOKEN])


def key_set(found: Iterable[str]) -> set[str]:
    """All keys of tokens."""
    keys = set(found)
    odd = [token for token in keys if not token.isalnum() or len(token) > MAX_TOKEN]
    keys.difference_update(odd)
    for token in odd:
        keys.update(token_keys(token[:MAX_TOKEN]))
    return keys


def grouped(lowered: str) -> Iterator[tuple[int, str]]:
    """Account and card numbers written in groups, joined, with where they stand."""
    last = 0
    # a digit, a space, a group: cheap to look for, the more so where all digits are one
    ascii = lowered.isascii()
    hints = _GROUP_ASCII.finditer(lowered.encode().translate(_DIGITS)) if ascii else _GROUP.finditer(lowered)
    for hint in hints:
        if hint.start() < last:
            continue
        match = _GROUPED.search(lowered, max(last, hint.start() - 4), hint.start() + 60)
        if match is None:
            continue
        last = match.end()
        groups = match[0].split(" ")
        joined = "".join(groups)
        if len(joined) >= 9 and any(c.isdigit() for c in joined[4:]):
            yield match.start(), joined
        while joined[0].isalpha() and len(joined) > 18 and (len(groups[-1]) < 4 or groups[-1].isalpha()):
            joined = joined[: -len(groups.pop())]  # the words after an account number look like its last groups
            yield match.start(), joined


def may_date(lowered: str) -> bool:
    """Whether a text may hold a date: most do not, and to look for all its forms takes long."""
    if _DATE_HINT.search(lowered):
        return True
    return " " in lowered and bool(_DIGIT.search(lowered) and _MONTH_HINT.search(lowered))


def dates(lowered: str) -> Iterator[tuple[int, str]]:
    """Dates in ISO form, with where they stand; without a year as `--MM-DD` (ISO 8601:2000)."""
    for m in _DATE.finditer(lowered):
        if m[1]:
            yield m.start(), f"{m[1]}-{int(m[2]):02}-{int(m[3]):02}"
        elif m[6]:
            yield m.start(), f"{m[6]}-{int(m[4]):02}-{int(m[5]):02}"
            yield m.start(), f"{m[6]}-{int(m[5]):02}-{int(m[4]):02}"
        elif m[7] or m[9]:
            day = int(m[7] or m[9])
            if m[10]:
                yield m.start(), f"{m[10]}-{_MONTHS[m[8]]:02}-{day:02}"
            yield m.start(), f"--{_MONTHS[m[8]]:02}-{day:02}"


def leaves(value: Any, most: int = maxsize) -> Sequence[str]:
    """The strings and numbers inside an argument, as text, at most so many; booleans and null say nothing."""
    if type(value) is str:
        return (value,)
    found: list[str] = []
    if type(value) is dict:
        _gather(value.values(), found, most, 1)
    else:
        _gather((value,), found, most, 0)
    return found


def _gather(items: Iterable[Any], found: list[str], most: int, depth: int) -> None:
    for value in items:
        if len(found) >= most:
            return
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, float):
            found.append(format(value, "g") if value.is_integer() and abs(value) < 1e6 else str(value))
        elif isinstance(value, int):
            if not isinstance(value, bool):
                found.append(str(value))
        elif depth < MAX_DEPTH:
            if isinstance(value, (list, tuple)):
                _gather(value, found, most, depth + 1)
            elif isinstance(value, Mapping):
                _gather(value.values(), found, most, depth + 1)


def at(arguments: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, lists looked through; None when there is none."""
    if path in arguments:
        return arguments[path]
    value: Any = arguments
    for name in path.replace("[]", "").split("."):
        if isinstance(value, list | tuple):
            value = [item[name] for item in value if isinstance(item, Mapping) and name in item]
        elif isinstance(value, Mapping) and name in value:
            value = value[name]
        else:
            return None
    return value


def shape(text: str) -> str:
    """What sort of place a value names: `address`, `link`, `account`, `path`, or `name`."""
    bare = text.strip().lower()
    if "@" in bare[1:] and "." in bare.rpartition("@")[2]:
        return "address"
    if "://" in bare or bare.startswith("www."):
        return "link"
    if "/" in bare or _FILE.fullmatch(bare):
        return "path"
    return "account" if sum(map(str.isdigit, bare)) >= 8 and len(bare) <= 42 else "name"


def squeeze(lowered: str) -> str:
    """Letters and digits alone."""
    if lowered.isalnum():
        return lowered
    if lowered.isascii():
        return lowered.encode("ascii").translate(None, _PUNCTUATION).decode("ascii")
    return _SEPARATORS.sub("", lowered)


def significant(key: str) -> bool:
    """Whether a key is specific enough to say where it came from."""
    return len(key) >= 3 and key not in COMMON
