"""The codes by which a goal names items, by their sort: what has the same form and other figures is another item.

"INV-98" and "INV-2208" are two invoices: letters before a number name its series. A bare number is of the sort that
the noun before it says ("issue 31").
Dates, times and quantities are no codes. The text may be an outsider's: linear, bounded.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from remit.intent.kept import kept
from remit.intent.nouns import CALENDAR, is_noun, kinds
from remit.intent.tokens import Token, tokens_of

MAX_CODES = 64  # of one goal
MAX_CODE = 64  # characters of one
LEAST = 2  # figures of a bare number that names something
MAX_SERIES = 8  # characters before the number
MAX_NUMBER = 8  # figures of one; an account has more
_DIGITS = "0123456789"
_FIGURES = str.maketrans(_DIGITS, "9" * len(_DIGITS))
VERSION = "version"  # the sort of "2.4.1"
_VERSION = re.compile(r"v?\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])")
_DATE = frozenset(("9999-99-99", "99.99.9999", "9.9.9999", "99-99-9999", "99/99/9999"))


def is_version(lowered: str) -> bool:
    return lowered[-1:].isalnum() and _VERSION.match(lowered) is not None


def form(lowered: str) -> str:
    """A code without its figures: what two codes of one sort have in common."""
    letters = lowered.rstrip(_DIGITS)
    figures = len(lowered) - len(letters)
    if 1 < len(letters) <= MAX_SERIES and 0 < figures <= MAX_NUMBER and letters.strip("-_").isalpha():
        return letters
    return lowered.translate(_FIGURES)


def code_sorts(digits: str, some: Iterable[str]) -> Iterator[str]:
    """The sorts of a bare number among these kinds of things."""
    for kind in some:
        yield f"{kind} {form(digits)}"


@kept(1024)
def codes(text: str) -> Mapping[str, frozenset[str]]:
    """The codes of a goal by their sort."""
    found: dict[str, set[str]] = {}
    before: Token | None = None
    for token in tokens_of(text)[: MAX_CODES * 32]:
        for sort in _sorts(before, token):
            if len(found) < MAX_CODES:
                found.setdefault(sort, set()).add(token.low.lstrip("#v" if sort == VERSION else "#"))
        if not token.mark:
            before = token
    return {sort: frozenset(items) for sort, items in found.items()}


def _sorts(before: Token | None, token: Token) -> Iterable[str]:
    bare = token.low.lstrip("#")
    if len(bare) > MAX_CODE or " " in bare or not any(map(str.isdigit, bare)):
        return ()
    if bare.isdigit():
        if len(bare) < LEAST or before is None or not is_noun(before.low) or before.low in CALENDAR:
            return ()
        return code_sorts(bare, kinds(before.low))
    if is_version(bare):
        return (VERSION,)
    if token.number or not token.names or "@" in bare or "://" in bare:
        return ()
    one = form(bare)
    return () if one in _DATE or one.replace(".", "").replace(",", "").isdigit() else (one,)
