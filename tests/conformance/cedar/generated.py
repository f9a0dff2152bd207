"""Policies, entities and requests made from a seed: mostly well typed, often at the edges of a type, or ill typed.

A well-typed expression shows that values agree; an ill-typed one shows that errors do, and that they come only where
they are evaluated. So each expression is made for a type, and now and then for another one.
"""

import random
from collections.abc import Callable
from typing import Any

TYPES = ("Bool", "Long", "String", "entity", "Set", "Record", "decimal", "ip", "datetime", "duration")
ENTITIES = [("User", "ann"), ("User", "bob"), ("Group", "g"), ("Group", "h"), ("NS::Thing", "t"), ("User", 'who\n"*é')]
LONGS = [0, 1, -1, 2, 3, 10, 86_400_000, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), -(2**63) + 1, 3_037_000_500]
STRINGS = [
    "",
    "a",
    "b",
    "ab",
    "aab",
    "a*b",
    "*",
    "\\",
    "é",
    "e\u0301",
    "😀",
    "a\nb",
    "a\x00b",
    "1.0",
    "User",
    '"',
    "ΑΒ",
    "1",
]
DECIMALS = [
    "0.0", "-0.0", "1.0", "1.00", "1.5", "-1.5", "0.0001", "-0.0001", "922337203685477.5807",
    "-922337203685477.5808", "007.10",
]  # fmt: skip
BAD_DECIMALS = [
    "1", "1.", ".1", "1.23456", "922337203685477.5808", "-922337203685477.5809", "1e3", " 1.0", "1.0\n", "",
    "+1.0", "1.0.0", "٣.٣", "99999999999999999999999.0", "-.5", "--1.0",
]  # fmt: skip
IPS = [
    "127.0.0.1", "127.0.0.1/8", "127.0.0.1/7", "10.0.0.1/24", "10.0.0.0/24", "10.0.0.0/8", "0.0.0.0/0", "::1",
    "::1/127", "::", "::/0", "224.0.0.1", "224.0.0.0/4", "224.0.0.0/3", "ff00::/8", "ff02::1", "fe80::1/10",
    "10.0.0.1/32", "255.255.255.255", "1:2:3:4:5:6:7::", "::ffff:7f00:1", "ABCD::ef01", "10.0.0.1",
]  # fmt: skip
BAD_IPS = [
    "10.0.0.01", "10.0.0", "10.0.0.256", "10.0.0.1/33", "10.0.0.1/08", "10.0.0.1/", "::ffff:127.0.0.1", "1::2::3",
    "fe80::1%eth0", "10.0.0.1/255.0.0.0", "::1/129", "", "1:2:3:4:5:6:7:8:9", "12345::", "10.0.0.1/-1", " ::1",
    "1::2:3:4:5:6:7:8", "::1/0128",
]  # fmt: skip
DATETIMES = [
    "1970-01-01", "2024-02-29", "0000-01-01", "9999-12-31", "2024-02-29T23:59:59Z", "2024-01-01T00:00:00.001Z",
    "2024-01-01T00:00:00+2359", "2024-01-01T00:00:00.999-0130", "1969-12-31T23:59:59.999Z",
    "0000-01-01T00:00:00+2359", "9999-12-31T23:59:59.999-2359", "1900-03-01",
]  # fmt: skip
BAD_DATETIMES = [
    "2023-02-29", "2024-1-1", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
    "2024-01-01T00:00:60Z", "2024-01-01T00:00:00+2400", "2024-01-01T00:00:00+0060", "2024-01-01T00:00:00.1Z",
    "2024-13-01", "2024-00-01", "", "2024-01-01 ", "2024-01-01t00:00:00Z", "1900-02-29", "10000-01-01",
    "2024-01-01T00:00:00+01:00", "2024-01-01Z",
]  # fmt: skip
DURATIONS = [
    "0ms", "1ms", "-1ms", "1d", "1d2h3m4s5ms", "-1d12h", "23h59m", "1000ms", "1s", "9223372036854775807ms",
    "-9223372036854775808ms", "5m", "00001s", "106751991167d", "90s",
]  # fmt: skip
BAD_DURATIONS = [
    "", "-", "1", "1h1d", "1x", "9223372036854775808ms", "106751991168d", "1d-1h", "+1s", "1.5s", "1m1m",
    "18446744073709551616ms", "-9223372036854775809ms", "1 s", "99999999999999999999999d",
]  # fmt: skip
TEXTS = {"decimal": (DECIMALS, BAD_DECIMALS), "ip": (IPS, BAD_IPS), "datetime": (DATETIMES, BAD_DATETIMES),
         "duration": (DURATIONS, BAD_DURATIONS)}  # fmt: skip
NAMES = ["b", "l", "s", "e", "set", "r", "dec", "ip", "dt", "dur", "findings", "a b", "", "missing"]
OF_NAME = dict(zip(NAMES, (*TYPES, "entity", "Long", "String", "Bool"), strict=True))
PATTERNS = [
    "",
    "*",
    "a*",
    "*b",
    "a*b",
    "*a*b*",
    "**",
    "a\\*b",
    "*\\**",
    "é",
    "*😀*",
    "a\\nb",
    "*a",
    "aab",
    "a*a*b",
    "\\\\",
]


class Maker:
    """Makes Cedar text and Cedar JSON from one source of chance; how wild it is, chance says too."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.wild = self.random.choice([0.0, 0.01, 0.05])  # how often something is of another type, or missing

    def _wild(self, times: float = 1) -> bool:
        return self.random.random() < self.wild * times

    # Data

    def entities(self) -> list[dict[str, Any]]:
        """Some of the entities; parents only of later ones, so that there is no circle."""
        kept = [item for item in [*ENTITIES, ("Action", "act"), ("Action", "all")] if not self._wild(4)]
        return [
            {
                "uid": _uid(item),
                "attrs": self.record(),
                "parents": [_uid(other) for other in kept[at + 1 :] if self._may_be_above(item, other)],
                "tags": {} if item[0] == "Action" else self.record(),
            }
            for at, item in enumerate(kept)
        ]

    def _may_be_above(self, item: tuple[str, str], other: tuple[str, str]) -> bool:
        return (item[0] == "Action") == (other[0] == "Action") and self.random.random() < 0.3

    def record(self) -> dict[str, Any]:
        chosen = (name for name in NAMES if name != "missing" and not self._wild(4))
        return {name: self.data(OF_NAME[name], 2) for name in chosen}

    def data(self, kind: str, depth: int) -> Any:
        if self._wild():
            kind = self.random.choice(TYPES)
        choose = self.random.choice
        if kind in TEXTS:
            return {"__extn": {"fn": kind, "arg": choose(TEXTS[kind][0])}}
        if kind == "Set":
            of = choose(TYPES) if depth else "Long"
            return [self.data(of, depth - 1) for _ in range(self.random.randrange(4))] if depth else []
        if kind == "Record":
            names = self.random.sample(NAMES[:-1], self.random.randrange(4)) if depth else []
            return {name: self.data(OF_NAME[name], depth - 1) for name in names}
        simple: dict[str, Callable[[], Any]] = {
            "Bool": lambda: choose([True, False]),
            "Long": lambda: choose([number for number in LONGS if number != -(2**63)]),
            "String": lambda: choose(STRINGS),
            "entity": lambda: {"__entity": _uid(choose(ENTITIES))},
        }
        return simple[kind]()

    def request(self) -> dict[str, Any]:
        return {
            "principal": _uid(self.random.choice(ENTITIES)),
            "action": _uid(("Action", self.random.choice(["act", "all"]))),
            "resource": _uid(self.random.choice(ENTITIES)),
            "context": self.record(),
        }

    # Policies

    def policy(self) -> str:
        clauses = (
            f"{self.random.choice(['when', 'unless'])} {{ {self.expression('Bool', self.random.randrange(1, 5))} }}"
            for _ in range(self.random.choice([1, 1, 1, 2, 3]))
        )
        return f"permit (principal, action, resource) {' '.join(clauses)};"

    def expression(self, kind: str, depth: int) -> str:
        if self._wild():
            kind = self.random.choice(TYPES)
        if depth <= 0 or self.random.random() < 0.12:
            return self.leaf(kind)
        if self.random.random() < 0.08:
            test, one, other = (self.expression(of, depth - 1) for of in ("Bool", kind, kind))
            return f"(if {test} then {one} else {other})"
        return str(getattr(self, f"_{kind.lower()}")(depth - 1))

    def leaf(self, kind: str) -> str:
        if self.random.random() < 0.5:
            return self.path(kind)
        choose = self.random.choice
        if kind in TEXTS:
            good, bad = TEXTS[kind]
            return f"{kind}({_quoted(choose(bad if self._wild(2) else good))})"
        if kind == "Long":
            return str(choose(LONGS))
        if kind == "String":
            return _quoted(choose(STRINGS))
        if kind == "entity":
            return choose(["principal", "action", "resource", *map(_entity, ENTITIES)])
        if kind == "Set":
            of = choose(TYPES)
            return f"[{', '.join(self.leaf(of) for _ in range(self.random.randrange(4)))}]"
        if kind == "Record":
            return choose(["{}", '{"a b": 1}', "{s: true}", "{l: 1}", "context"])
        return choose(["true", "false"])

    def path(self, kind: str) -> str:
        name = next(name for name, of in OF_NAME.items() if of == kind)
        if kind == "entity" and self.random.random() < 0.5:
            name = "findings"
        base = self.random.choice(["context", "context", "principal", "resource", "context.findings", "principal.e"])
        base = self.random.choice(["context.r", 'User::"ann"', "action", "context.s"]) if self._wild(2) else base
        return f'{base}["{name}"]' if self.random.random() < 0.3 else f"{base}.{name}"

    def _bool(self, depth: int) -> str:
        make = self.expression
        choose = self.random.choice
        kind = choose(TYPES)
        forms: list[Callable[[], str]] = [
            lambda: f"({make('Bool', depth)} && {make('Bool', depth)})",
            lambda: f"({make('Bool', depth)} || {make('Bool', depth)})",
            lambda: f"!({make('Bool', depth)})",
            lambda: f"({make(kind, depth)} {choose(['==', '!='])} {make(kind, depth)})",
            lambda: f"({choose(_ALIKE)} {choose(['==', '!='])} {choose(_ALIKE)})",
            lambda: f"{choose(_ALIKE_SETS)}.{choose(['contains', 'containsAny'])}({choose(_ALIKE_SETS)})",
            lambda: f"[{choose(_ALIKE)}, {choose(_ALIKE)}].contains({choose(_ALIKE)})",
            lambda: self._ordering(depth),
            lambda: f"({make('entity', depth)} in {make('Set' if self._wild() else 'entity', depth)})",
            lambda: f"({choose(['principal', 'action', 'resource'])} in {self._groups()})",
            lambda: f"({make('entity', depth)} is {choose(['User', 'Group', 'NS::Thing', 'Action'])}"
            + choose(["", f" in {make('entity', depth)}"]) + ")",
            lambda: f"({make(choose(['Record', 'entity']), depth)} has {self._tested()})",
            lambda: f"({choose(['context', 'principal', 'action', 'context.findings'])} has {self._tested()})",
            lambda: f'({make("String", depth)} like "{choose(PATTERNS)}")',
            lambda: f"{make('Set', depth)}.contains({make(kind, depth)})",
            lambda: f"[{', '.join(self.leaf(kind) for _ in range(3))}].contains({make(kind, depth)})",
            lambda: f"{make('Set', depth)}.{choose(['containsAll', 'containsAny'])}({make('Set', depth)})",
            lambda: f"{make('Set', depth)}.isEmpty()",
            lambda: f"{make('entity', depth)}.hasTag({make('String', depth)})",
            lambda: f"{make('decimal', depth)}.{choose(_DECIMAL_ORDER)}({make('decimal', depth)})",
            lambda: f"{make('ip', depth)}.isInRange({make('ip', depth)})",
            lambda: f"{make('ip', depth)}.{choose(['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'])}()",
        ]  # fmt: skip
        return choose(forms)()

    def _ordering(self, depth: int) -> str:
        kind = "decimal" if self._wild() else self.random.choice(["Long", "Long", "datetime", "duration"])
        operator = self.random.choice(["<", "<=", ">", ">="])
        return f"({self.expression(kind, depth)} {operator} {self.expression(kind, depth)})"

    def _groups(self) -> str:
        some = [_entity(item) for item in [*self.random.sample(ENTITIES, 2), ("Action", "all")]]
        return self.random.choice(
            [some[0], some[2], f"[{', '.join(some)}]", f"[{some[0]}, 1]" if self._wild() else "[]"]
        )

    def _tested(self) -> str:
        odd = ["s.s", "r.missing.s"] if self._wild(4) else []
        return self.random.choice(["s", "missing", '"a b"', '""', "r.s", "findings.b", "e.r.l", *odd])

    def _long(self, depth: int) -> str:
        make = self.expression
        units = ["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"]
        return self.random.choice([
            f"({make('Long', depth)} {self.random.choice('+-*')} {make('Long', depth)})",
            f"-({make('Long', depth)})",
            f"{make('duration', depth)}.{self.random.choice(units)}()",
        ])  # fmt: skip

    def _string(self, depth: int) -> str:
        return self._tagged(depth) if self.random.random() < 0.3 else self.leaf("String")

    def _tagged(self, depth: int) -> str:
        return f"{self.expression('entity', depth)}.getTag({_quoted(self.random.choice(NAMES))})"

    def _entity(self, depth: int) -> str:
        return self._tagged(depth) if self.random.random() < 0.1 else self.leaf("entity")

    def _set(self, depth: int) -> str:
        of = self.random.choice(TYPES)
        mixed = self.random.random() < 0.2
        items = (self.expression(self.random.choice(TYPES) if mixed else of, depth) for _ in range(3))
        return f"[{', '.join(items)}]"

    def _record(self, depth: int) -> str:
        names = self.random.sample(NAMES[:-1], self.random.randrange(3))
        return "{" + ", ".join(f'"{name}": {self.expression(OF_NAME[name], depth)}' for name in names) + "}"

    def _decimal(self, depth: int) -> str:
        return f"decimal({self.leaf('String')})" if self._wild(2) else self.leaf("decimal")

    def _ip(self, depth: int) -> str:
        return f"ip({self.leaf('String')})" if self._wild(2) else self.leaf("ip")

    def _datetime(self, depth: int) -> str:
        make = self.expression
        return self.random.choice([
            f"{make('datetime', depth)}.offset({make('duration', depth)})",
            f"{make('datetime', depth)}.toDate()",
            self.leaf("datetime"),
        ])  # fmt: skip

    def _duration(self, depth: int) -> str:
        make = self.expression
        return self.random.choice([
            f"{make('datetime', depth)}.durationSince({make('datetime', depth)})",
            f"{make('datetime', depth)}.toTime()",
            self.leaf("duration"),
        ])  # fmt: skip


# What a host language may hold equal, and Cedar does not; or the other way round.
_ALIKE = ["1", "true", "0", "false", '"1"', '""', 'decimal("1.0")', 'decimal("1.00")', 'duration("1ms")', "[]", "{}",
          "[1]", "[true]", "{s: 1}", "{s: true}", 'datetime("1970-01-01T00:00:00.001Z")', "context.l", "context.b",
          'ip("10.0.0.1")', 'ip("10.0.0.1/32")', "[1, 1]", "[[1]]", "{}", 'User::"1"']  # fmt: skip
_ALIKE_SETS = ["[1]", "[true]", "[1, true]", "[[1]]", "[[true]]", "[{s: 1}]", "[{s: true}]", "[]", "context.set"]
_DECIMAL_ORDER = ["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"]


def _uid(item: tuple[str, str]) -> dict[str, str]:
    return {"type": item[0], "id": item[1]}


def _entity(item: tuple[str, str]) -> str:
    return f"{item[0]}::{_quoted(item[1])}"


def _quoted(text: str) -> str:
    """A Cedar string literal."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\u{{{ord(c):x}}}" for c in text) + '"'
