"""The C2SP tlog-tiles layout: which file holds which hashes or entries, and how a bundle of entries is written.

A log is static files: `checkpoint`, `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`. Pure: paths are relative to
the log, with `/`.
"""

import re
from collections.abc import Iterable

import msgspec

from remit.audit.hashing import HASH_BYTES
from remit.terms import InvalidInput

WIDTH = 256  # hashes or entries of a full tile or bundle
TILE_BYTES = WIDTH * HASH_BYTES
MAX_ENTRY = 65_535  # a bundle writes an entry's length in two bytes
MAX_BUNDLE = WIDTH * (2 + MAX_ENTRY)
MAX_LEVEL = 63
CHECKPOINT = "checkpoint"
COSIGNED = "checkpoint.cosigned"  # ours: the newest checkpoint that a witness cosigned

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class TilePath(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a log; `level` is None for a bundle of entries, `width` is WIDTH for a full one."""

    level: int | None
    index: int
    width: int

    def __str__(self) -> str:
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{index_path(self.index)}{partial}"

    @property
    def full(self) -> "TilePath":
        """The same tile once it is full: what a reader takes when the partial one was cleared away."""
        return TilePath(level=self.level, index=self.index, width=WIDTH)

    @property
    def partials(self) -> str:
        """The directory of its partial forms."""
        return f"{self.full}.p"


def index_path(index: int) -> str:
    """1234067 as `x001/x234/067`."""
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03d}")
    return "/".join(parts)


def parse_path(path: str) -> TilePath | None:
    """The tile or bundle that `path` names, or None unless it is exactly the path that this file would have."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level = None if match[1] == "entries" else int(match[1])
    width = WIDTH if match[3] is None else int(match[3])
    parsed = TilePath(level=level, index=int(match[2].replace("/", "").replace("x", "")), width=width)
    if (level is not None and level > MAX_LEVEL) or str(parsed) != path or not 0 < width <= WIDTH:
        return None  # e.g. a leading `x000`
    return parsed


def width_at(size: int, level: int, index: int) -> int:
    """How many hashes (level 0: also entries) tile `index` of `level` has in a tree of `size` entries; 0 if none."""
    return max(0, min(WIDTH, (size >> (8 * level)) - index * WIDTH))


def frame(entry: bytes) -> bytes:
    """An entry as it stands in a bundle: its length in two bytes, big-endian, and its bytes."""
    if len(entry) > MAX_ENTRY:
        raise InvalidInput(f"expected an entry of at most {MAX_ENTRY} bytes, got {len(entry)}")
    return len(entry).to_bytes(2, "big") + entry


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    return b"".join(map(frame, entries))


def split_bundle(data: bytes, count: int) -> tuple[list[bytes], bytes | None]:
    """Up to `count` entries at the front of `data`, and the bytes after them, or None if an entry is cut short.

    Never raises: the entries before a damaged one are still worth comparing.
    """
    entries: list[bytes] = []
    start, end = 0, len(data)
    for _ in range(count):
        body = start + 2
        stop = body + int.from_bytes(data[start:body], "big")
        if body > end or stop > end:
            return entries, None
        entries.append(data[body:stop])
        start = stop
    return entries, data[start:]


def split_tile(data: bytes) -> list[bytes]:
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]
