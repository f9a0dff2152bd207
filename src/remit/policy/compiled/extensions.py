"""Cedar's extension types: `decimal`, `ipaddr`, `datetime`, `duration`; how each is read from text, and its methods.

What Cedar's parsers refuse is refused here, to the letter: a text that only one of the two took would be a divergence.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from remit.policy.compiled.values import Erred, Value, expect, long

DAY = 86_400_000  # milliseconds
_YEARS_400 = 146_097  # days in 400 years: the Gregorian calendar repeats
_EPOCH = date(1970, 1, 1).toordinal()


class Decimal(msgspec.Struct, frozen=True, kw_only=True):
    """Cedar's `decimal`: 64 bits, four places."""

    ticks: int  # ten-thousandths


class Datetime(msgspec.Struct, frozen=True, kw_only=True):
    ms: int  # since the epoch


class Duration(msgspec.Struct, frozen=True, kw_only=True):
    ms: int


class Ip(msgspec.Struct, frozen=True, kw_only=True):
    """An address or range. `10.0.0.1/24` and `10.0.0.0/24` are the same range and not equal."""

    bits: int  # 32 or 128
    address: int
    prefix: int

    def bounds(self) -> tuple[int, int]:
        host = (1 << (self.bits - self.prefix)) - 1
        return self.address & ~host, self.address | host


def to_decimal(text: str) -> Decimal:
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise Erred
    sign, whole, fraction = found.groups()
    ticks = _integer(whole) * 10_000 + int(fraction.ljust(4, "0"))
    return Decimal(ticks=long(-ticks if sign else ticks))


def to_datetime(text: str) -> Datetime:
    found = _DATETIME.fullmatch(text)
    if found is None:
        raise Erred
    year, month, day, hour, minute, second, ms, hours, minutes = (int(part or 0) for part in found.group(*_PARTS))
    if hour > 23 or minute > 59 or second > 59 or hours > 23 or minutes > 59:
        raise Erred
    try:  # Python's calendar has no year 0, Cedar's has
        days = date(year or 400, month, day).toordinal() - _EPOCH - (0 if year else _YEARS_400)
    except ValueError:
        raise Erred from None
    offset = (hours * 60 + minutes) * 60_000 * (-1 if found["sign"] == "-" else 1)
    return Datetime(ms=days * DAY + ((hour * 60 + minute) * 60 + second) * 1000 + ms - offset)


def to_duration(text: str) -> Duration:
    found = _DURATION.fullmatch(text)
    if found is None or text in ("", "-"):
        raise Erred
    sign, *amounts = found.groups()
    total = sum(_integer(amount) * unit for amount, unit in zip(amounts, _UNITS, strict=True) if amount)
    return Duration(ms=long(-total if sign else total))


def to_ip(text: str) -> Ip:
    """As Cedar reads it: no zone, no IPv4 inside IPv6, no netmask in dotted form, no leading zeros."""
    plain, slash, width = text.partition("/")
    if len(text) > _MAX_IP or "%" in text or (":" in plain and "." in plain):
        raise Erred
    try:
        found = ipaddress.ip_address(plain)
    except ValueError:
        raise Erred from None
    prefix = _prefix(width, found.max_prefixlen) if slash else found.max_prefixlen
    return Ip(bits=found.max_prefixlen, address=int(found), prefix=prefix)


def _prefix(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)) or (text[0] == "0" and text != "0"):
        raise Erred
    if int(text) > most:
        raise Erred
    return int(text)


def _integer(digits: str) -> int:
    """Bounded: more than 19 digits, leading zeros aside, are too large for Cedar whatever they are."""
    digits = digits.lstrip("0")
    if len(digits) > 19:
        raise Erred
    return int(digits or "0")


_MAX_IP = 43  # the longest address with its prefix
_DECIMAL = re.compile(r"(-)?([0-9]+)\.([0-9]{1,4})", re.ASCII)
_DATETIME = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<ms>[0-9]{3}))?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>[0-9]{2})(?P<minutes>[0-9]{2})))?",
    re.ASCII,
)
_PARTS = ("year", "month", "day", "hour", "minute", "second", "ms", "hours", "minutes")
_DURATION = re.compile(r"(-)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m(?!s))?(?:([0-9]+)s)?(?:([0-9]+)ms)?", re.ASCII)
_UNITS = (DAY, 3_600_000, 60_000, 1000, 1)

# Cedar's constructors, by the names that they have in the typed tree and in Cedar's JSON.
CONSTRUCTORS: dict[str, Callable[[str], Value]] = {
    "decimal": to_decimal,
    "datetime": to_datetime,
    "duration": to_duration,
    "ip": to_ip,
}


def _construct(name: str) -> Callable[[Value], Value]:
    build = CONSTRUCTORS[name]

    def construct(value: Value) -> Value:
        expect(str, value)
        return build(value)

    return construct


def decimal_less(left: Value, right: Value) -> bool:
    if type(left) is not Decimal or type(right) is not Decimal:
        raise Erred
    return bool(left.ticks < right.ticks)


def decimal_less_equal(left: Value, right: Value) -> bool:
    if type(left) is not Decimal or type(right) is not Decimal:
        raise Erred
    return bool(left.ticks <= right.ticks)


def decimal_greater(left: Value, right: Value) -> bool:
    return decimal_less(right, left)


def decimal_greater_equal(left: Value, right: Value) -> bool:
    return decimal_less_equal(right, left)


def is_ipv4(value: Value) -> bool:
    expect(Ip, value)
    return bool(value.bits == 32)


def is_ipv6(value: Value) -> bool:
    expect(Ip, value)
    return bool(value.bits == 128)


def is_loopback(value: Value) -> bool:
    """127.0.0.0/8 or ::1, the whole range of it."""
    expect(Ip, value)
    if value.bits == 32:
        return bool(value.address >> 24 == 127 and value.prefix >= 8)
    return bool(value.address == 1 and value.prefix == 128)


def is_multicast(value: Value) -> bool:
    """224.0.0.0/4 or ff00::/8, the whole range of it."""
    expect(Ip, value)
    if value.bits == 32:
        return bool(value.address >> 28 == 14 and value.prefix >= 4)
    return bool(value.address >> 120 == 255 and value.prefix >= 8)


def is_in_range(value: Value, wider: Value) -> bool:
    expect(Ip, value, wider)
    if value.bits != wider.bits:
        return False
    (low, high), (lowest, highest) = value.bounds(), wider.bounds()
    return bool(lowest <= low and high <= highest)


def offset(moment: Value, by: Value) -> Datetime:
    expect(Datetime, moment)
    expect(Duration, by)
    return Datetime(ms=long(moment.ms + by.ms))


def duration_since(moment: Value, earlier: Value) -> Duration:
    expect(Datetime, moment, earlier)
    return Duration(ms=long(moment.ms - earlier.ms))


def to_date(moment: Value) -> Datetime:
    expect(Datetime, moment)
    return Datetime(ms=long(moment.ms - moment.ms % DAY))


def to_time(moment: Value) -> Duration:
    expect(Datetime, moment)
    return Duration(ms=moment.ms % DAY)


def _in_units(unit: int) -> Callable[[Value], int]:
    def convert(value: Value) -> int:
        expect(Duration, value)
        whole: int = abs(value.ms) // unit  # Cedar rounds towards zero
        return -whole if value.ms < 0 else whole

    return convert


UNARY: Mapping[str, Callable[[Value], Value]] = {
    **{name: _construct(name) for name in CONSTRUCTORS},
    "is_ipv4": is_ipv4,
    "is_ipv6": is_ipv6,
    "is_loopback": is_loopback,
    "is_multicast": is_multicast,
    "to_date": to_date,
    "to_time": to_time,
    "to_milliseconds": _in_units(1),
    "to_seconds": _in_units(1000),
    "to_minutes": _in_units(60_000),
    "to_hours": _in_units(3_600_000),
    "to_days": _in_units(DAY),
}
BINARY: Mapping[str, Callable[[Value, Value], Value]] = {
    "is_in_range": is_in_range,
    "offset": offset,
    "duration_since": duration_since,
    "decimal_less_than": decimal_less,
    "decimal_less_eq": decimal_less_equal,
    "decimal_greater": decimal_greater,
    "decimal_greater_eq": decimal_greater_equal,
}
