"""Checking inclusion and consistency proofs, as RFC 9162 sections 2.1.3.2 and 2.1.4.2 write it for RFC 6962's trees.

Whoever checks needs no log, only a proof and roots whose signatures were checked elsewhere. Pure; a proof is hostile
input: any proof that does not fit is a plain False.
"""

import hmac
from collections.abc import Sequence

from remit.audit.hashing import HASH_BYTES, node_hash


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `leaf` (a leaf hash) is entry `index` of the tree of `size` entries with this `root`."""
    if not 0 <= index < size or any(len(item) != HASH_BYTES for item in proof):
        return False
    position, last, computed = index, size - 1, leaf
    for item in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = node_hash(item, computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, item)
        position, last = position >> 1, last >> 1
    return last == 0 and hmac.compare_digest(computed, root)


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree (`old_size`, `old_root`) is a prefix of the tree (`new_size`, `new_root`).

    Every tree extends the empty one, with an empty proof; its root is not looked at.
    """
    if not 0 <= old_size <= new_size or any(len(item) != HASH_BYTES for item in proof):
        return False
    if old_size == 0:
        return not proof
    if old_size == new_size:
        return not proof and hmac.compare_digest(old_root, new_root)
    path = list(proof)
    if old_size & (old_size - 1) == 0:  # a power of two: the old root is itself a node of the new tree
        path.insert(0, old_root)
    if not path:
        return False
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for item in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(item, old), node_hash(item, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, item)
        position, last = position >> 1, last >> 1
    return last == 0 and hmac.compare_digest(old, old_root) and hmac.compare_digest(new, new_root)
