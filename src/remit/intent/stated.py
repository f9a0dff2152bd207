"""Quantities that a goal states: what a call carries in the same unit has to be one of them, or follow from them.

"Unlock it for 5 minutes" leaves no room for 600, whoever wrote that 600 is the least. Only where the goal says exactly
how much: no bounds ("up to", "around"), no unit of which it states many. Limits: numbers in words are not read; what is
computed from figures that were looked up differs from what the goal states, and is then asked about.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice, permutations
from typing import Any

from remit.catalogue.words import singular, split
from remit.intent.kept import kept
from remit.intent.words import words

MAX_STATED = 3  # values of one unit; a goal that states more is no longer exact about it
MAX_NUMBERS = 32  # of one call
MAX_KNOWN = 12  # figures of a goal from which others are computed
MAX_DEPTH = 6
MAX_FIGURES = 128
_FIGURE = re.compile(r"(?<![\w.,])\d{1,9}(?:,\d{3}){0,3}(?:\.\d{1,2})?(?![\w,]|\.\d)")
_UNITS = {
    unit: name
    for name, units in {
        "second": "second seconds sec secs s",
        "minute": "minute minutes min mins",
        "hour": "hour hours hr hrs h",
        "day": "day days",
        "night": "night nights",
        "week": "week weeks",
        "month": "month months",
        "percent": "percent pct %",
        "amount": "usd eur gbp chf sek nok dkk kr dollar dollars euro euros pound pounds $ € £",
    }.items()
    for unit in units.split()
}
# What the names of arguments tell beside these: the last word decides, because a `unit_cost` is no count.
_NAMED = _UNITS | {"discount": "percent", "amount": "amount", "sum": "amount", "qty": "count", "quantity": "count"}
_ONE = frozenset(("amount", "percent"))  # of which a goal states one exactly, or is about several
_BOUNDS = frozenset(
    words(
        """
        up under below max maximum most least minimum min over above than within around about approximately roughly
        budget limit every first last next top page step number no since until by at in older newer from
    """
    )
)
_NUMBER = re.compile(
    r"(?<![\w.,:/#-])([$€£]?)\s?(\d{1,12}(?:,\d{3})*(?:\.\d{1,4})?)\s?(%|[$€£]|[a-z]{1,12})?(?![\w:/]|[.,-]\d)"
)


@kept(1024)
def quantities(lowered: str) -> Mapping[str, frozenset[float]]:
    """The exact quantities of a goal by their unit; a number before any other noun is a count of it."""
    found: dict[str, set[float]] = {}
    inexact: set[str] = set()
    for match in islice(_NUMBER.finditer(lowered), MAX_NUMBERS * 4):
        sign, figure, word = match.groups()
        unit = "amount" if sign else _UNITS.get(word or "", "count" if word and word not in _BOUNDS else "")
        before = lowered[max(0, match.start() - 24) : match.start()].split()[-2:]
        if not unit:
            continue
        if not _BOUNDS.isdisjoint(before):
            inexact.add(unit)
        else:
            found.setdefault(unit, set()).add(float(figure.replace(",", "")))
    return {
        unit: frozenset(values)
        for unit, values in found.items()
        if unit not in inexact and len(values) <= (1 if unit in _ONE else MAX_STATED)
    }


def contradicted(stated: Mapping[str, frozenset[float]], arguments: Mapping[str, Any]) -> tuple[str, str]:
    """The argument that carries another quantity than the goal states, and what this states; or nothing twice."""
    for path, unit, value in islice(_carried(arguments, "", 0), MAX_NUMBERS):
        said = stated.get(unit)
        if not said or (unit == "count" and value < max(said)) or _follows(value, stated):
            continue
        return path, " or ".join(f"{one:g}" for one in sorted(said))
    return "", ""


def owed(arguments: Mapping[str, Any], beside: str) -> bool:
    """Whether the amounts of a call stand in a text: an invoice says what is due beside its request to pay, and a
    request that somebody slipped in says all by itself."""
    known = {float(match[0].replace(",", "")) for match in islice(_FIGURE.finditer(beside), MAX_FIGURES)}
    asked = [value for _, unit, value in islice(_carried(arguments, "", 0), MAX_NUMBERS) if unit == "amount"]
    return bool(asked) and known.issuperset(asked)


def _follows(value: float, stated: Mapping[str, frozenset[float]]) -> bool:
    """Whether it is stated, or computed from what is: a sum, a product, a share."""
    known = sorted({one for values in stated.values() for one in values})[:MAX_KNOWN]
    if value in known or abs(sum(known) - value) < 0.01:
        return True
    return any(
        abs(one * other - value) < 0.01
        or (other and abs(one / other - value) < 0.01)
        or abs(one + other - value) < 0.01
        or abs(one - other - value) < 0.01
        or abs(one * other / 100 - value) < 0.01
        for one, other in permutations(known, 2)
    )


def _carried(value: Any, path: str, depth: int) -> Iterator[tuple[str, str, float]]:
    """The numbers of a call whose name tells their unit."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _carried(item, str(name), depth + 1)
    elif isinstance(value, list | tuple):
        for item in value[:MAX_NUMBERS]:
            yield from _carried(item, path, depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool) and (unit := _unit_of(path)):
        yield path, unit, float(value)


@lru_cache(maxsize=4096)
def _unit_of(name: str) -> str:
    parts = split(name)
    if parts and parts[-1] in ("percent", "pct", "percentage"):
        return "percent" if "discount" in parts else ""  # others measure
    return _NAMED.get(parts[-1]) or _NAMED.get(singular(parts[-1]), "") if parts else ""
