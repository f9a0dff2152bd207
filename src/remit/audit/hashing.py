"""RFC 6962 section 2.1: the Merkle tree's hashes.

Leaves and nodes are hashed under different prefixes, so that no entry can be made to look like an inner node (second
preimages). Pure.
"""

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32  # SHA-256
EMPTY_ROOT = hashlib.sha256(b"").digest()  # MTH({})

_sha256 = hashlib.sha256


def leaf_hash(entry: bytes) -> bytes:
    """MTH({d}) = SHA-256(0x00 || d)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    row = hashes
    while len(row) > 1:
        row = [_sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


def peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the perfect subtrees that `hashes` divides into, largest (leftmost) first."""
    roots, start = [], 0
    for bit in range(len(hashes).bit_length() - 1, -1, -1):
        if len(hashes) >> bit & 1:
            roots.append(perfect_root(hashes[start : start + (1 << bit)]))
            start += 1 << bit
    return roots


def fold(roots: Iterable[bytes]) -> bytes:
    """The root of a tree whose perfect subtrees, from left to right, have these `roots`."""
    row = list(roots)
    if not row:
        return EMPTY_ROOT
    root = row.pop()
    while row:
        root = node_hash(row.pop(), root)
    return root


def edge_root(edge: Sequence[Sequence[bytes]]) -> bytes:
    """The root of a tree whose unfinished tiles, from level 0 up, hold these hashes."""
    return fold(root for hashes in reversed(edge) for root in peaks(hashes))


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes that are all in memory."""
    return fold(peaks(leaves))
