"""RFC 6962's hashes, the layout of tiles, and proofs against published vectors."""

import json
from pathlib import Path

import pytest

from remit.audit import TilePath, parse_path, verify_consistency, verify_inclusion
from remit.audit.hashing import EMPTY_ROOT, leaf_hash, node_hash, tree_root
from remit.audit.tiles import encode_bundle, index_path, split_bundle, width_at
from remit.terms import InvalidInput

VECTOR = json.loads((Path(__file__).parents[2] / "vectors" / "rfc6962.json").read_text())
LEAVES = [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTOR["leaves"]]
ROOTS = [bytes.fromhex(root) for root in VECTOR["roots"]]


def test_hashes_and_roots_are_the_published_ones() -> None:
    assert EMPTY_ROOT.hex() == VECTOR["empty_root"] == tree_root([]).hex()
    assert leaf_hash(VECTOR["leaf"]["input"].encode()).hex() == VECTOR["leaf"]["hash"]
    left, right = VECTOR["node"]["left"].encode(), VECTOR["node"]["right"].encode()
    assert node_hash(left, right).hex() == VECTOR["node"]["hash"]
    assert [tree_root(LEAVES[: size + 1]) for size in range(8)] == ROOTS


@pytest.mark.parametrize("case", VECTOR["consistency"])
def test_published_consistency_proofs_hold_and_nothing_near_them(case: dict[str, list[str]]) -> None:
    old, new = int(case["old"]), int(case["new"])  # type: ignore[call-overload]
    proof = [bytes.fromhex(item) for item in case["proof"]]
    assert verify_consistency(old, ROOTS[old - 1], new, ROOTS[new - 1], proof)
    assert not verify_consistency(old, ROOTS[old], new, ROOTS[new - 1], proof)
    assert not verify_consistency(old, ROOTS[old - 1], new, ROOTS[new - 2], proof)
    assert not verify_consistency(old + 1, ROOTS[old - 1], new, ROOTS[new - 1], proof)
    assert not verify_consistency(old, ROOTS[old - 1], new, ROOTS[new - 1], proof[:-1])
    assert not verify_consistency(old, ROOTS[old - 1], new, ROOTS[new - 1], [*proof, proof[0]])


def test_proofs_that_do_not_fit_are_false_not_errors() -> None:
    root = ROOTS[0]
    assert verify_inclusion(LEAVES[0], 0, 1, [], root)
    for index, size, proof in [(0, 0, []), (-1, 1, []), (1, 1, []), (0, 1, [root]), (0, 2, []), (0, 2, [b"short"])]:
        assert not verify_inclusion(LEAVES[0], index, size, proof, root)
    assert verify_consistency(0, b"", 5, root, [])
    assert not verify_consistency(0, b"", 5, root, [root])
    assert not verify_consistency(3, root, 2, root, [])
    assert not verify_consistency(3, root, 5, root, [])
    assert not verify_consistency(3, root, 5, root, [b"short"])
    assert not verify_consistency(5, root, 5, ROOTS[1], [])


def test_paths_are_those_of_the_specification() -> None:
    assert index_path(1234067) == "x001/x234/067"
    assert [index_path(n) for n in (0, 999, 1000)] == ["000", "999", "x001/000"]
    assert str(TilePath(level=0, index=273, width=112)) == "tile/0/273.p/112"
    assert str(TilePath(level=None, index=1000, width=256)) == "tile/entries/x001/000"


def test_widths_are_those_of_the_specifications_example() -> None:
    size = 70_000
    assert [width_at(size, 0, n) for n in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [width_at(size, 1, n) for n in (0, 1, 2)] == [256, 17, 0]
    assert [width_at(size, 2, 0), width_at(size, 3, 0)] == [1, 0]
    assert [width_at(256, 0, 0), width_at(256, 1, 0)] == [256, 1]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/\u0660\u0660\u0660",
        "tile/entries/000/",
        "tile/0/" + "x001/" * 100_000 + "000",
    ],
)
def test_other_paths_name_no_tile(path: str) -> None:
    assert parse_path(path) is None


def test_bundles_keep_what_precedes_damage() -> None:
    data = encode_bundle([b"one", b"", b"three"])
    assert data == b"\x00\x03one\x00\x00\x00\x05three"
    assert split_bundle(data, 3) == ([b"one", b"", b"three"], b"")
    assert split_bundle(data, 2) == ([b"one", b""], b"\x00\x05three")
    for cut in (data[:-1], data[:8], data[:7]):
        assert split_bundle(cut, 3) == ([b"one", b""], None)
    with pytest.raises(InvalidInput, match="65535"):
        encode_bundle([bytes(65_536)])
