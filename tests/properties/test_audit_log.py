"""Properties of the log's pure parts, against the definitions written naively."""

from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.audit import (
    TilePath,
    Tree,
    Verifier,
    decode_entry,
    encode_entry,
    open_note,
    parse_path,
    sign_note,
    verify_consistency,
    verify_inclusion,
)
from remit.audit.edge import Edge
from remit.audit.hashing import EMPTY_ROOT, leaf_hash, node_hash, tree_root
from remit.audit.notes import is_key_name
from remit.audit.tiles import encode_bundle, split_bundle
from remit.terms import DEFAULT_TENANT, EntryDraft, InvalidInput

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def naive_root(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word by word."""
    if not entries:
        return EMPTY_ROOT
    if len(entries) == 1:
        return leaf_hash(entries[0])
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return node_hash(naive_root(entries[:k]), naive_root(entries[k:]))


def entries_of(size: int) -> list[bytes]:
    return [str(number).encode() for number in range(size)]


def stored(entries: list[bytes]) -> dict[str, bytes]:
    edge, files = Edge(), {}
    for entry in entries:
        for path, hashes in edge.append(entry):
            files[str(path)] = b"".join(hashes)
    files.update({str(path): b"".join(hashes) for path, hashes in edge.unfinished()})
    return files


LARGE = entries_of(66_500)
LARGE_FILES = stored(LARGE)


@given(st.integers(0, 700))
@settings(max_examples=40, deadline=None)
def test_the_edge_and_the_stored_tiles_give_the_tree_s_root(size: int) -> None:
    entries = entries_of(size)
    edge = Edge()
    for entry in entries:
        edge.append(entry)
    files = stored(entries)
    assert edge.root() == naive_root(entries) == tree_root([leaf_hash(entry) for entry in entries])
    assert Tree(size, lambda path: files.get(str(path))).root() == edge.root()


@given(st.lists(st.integers(0, 600), max_size=6))
@settings(max_examples=40, deadline=None)
def test_runs_of_entries_fill_the_same_tiles_as_one_after_the_other(runs: list[int]) -> None:
    entries = entries_of(sum(runs))
    edge, files, at = Edge(), {}, 0
    for run in runs:
        for path, hashes in edge.append(*entries[at : at + run]):
            files[str(path)] = b"".join(hashes)
        at += run
    files.update({str(path): b"".join(hashes) for path, hashes in edge.unfinished()})
    assert files == stored(entries)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_every_entry_and_prefix_is_proven_and_no_other(data: st.DataObject) -> None:
    size = data.draw(st.one_of(st.integers(1, 40), st.integers(41, 1500)))
    entries = entries_of(size)
    files = stored(entries)
    tree = Tree(size, lambda path: files.get(str(path)))
    root = tree.root()
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(index)
    leaf = leaf_hash(entries[index])
    assert verify_inclusion(leaf, index, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
    wrong = data.draw(st.integers(0, size - 1).filter(lambda other: other != index)) if size > 1 else index + 1
    assert not verify_inclusion(leaf, wrong, size, proof, root)
    old = data.draw(st.integers(1, size))
    old_root = naive_root(entries[:old])
    steps = tree.consistency(old)
    assert verify_consistency(old, old_root, size, root, steps)
    assert not verify_consistency(old, leaf_hash(b"other"), size, root, steps)
    if steps:
        place = data.draw(st.integers(0, len(steps) - 1))
        steps[place] = bytes(32)
        assert not verify_consistency(old, old_root, size, root, steps)


@given(st.integers(0, len(LARGE) - 1), st.integers(1, len(LARGE)))
@settings(max_examples=5, deadline=None)
def test_proofs_cross_levels_of_tiles(index: int, old: int) -> None:
    tree = Tree(len(LARGE), lambda path: LARGE_FILES.get(str(path)))
    root = tree.root()
    assert verify_inclusion(leaf_hash(LARGE[index]), index, len(LARGE), tree.inclusion(index), root)
    assert verify_consistency(old, naive_root(LARGE[:old]), len(LARGE), root, tree.consistency(old))


paths = st.builds(
    TilePath,
    level=st.one_of(st.none(), st.integers(0, 63)),
    index=st.one_of(st.integers(0, 2000), st.integers(0, 2**55)),
    width=st.integers(1, 256),
)


@given(paths)
def test_paths_are_read_as_they_are_written(path: TilePath) -> None:
    assert parse_path(str(path)) == path


@given(st.text(alphabet="tile/entris0123x.p9\n", max_size=40))
def test_a_text_names_a_tile_only_if_the_tile_writes_it(text: str) -> None:
    path = parse_path(f"tile/{text}")
    assert path is None or str(path) == f"tile/{text}"


@given(st.lists(st.binary(max_size=300), max_size=256), st.binary(max_size=5))
def test_bundles_are_read_as_they_are_written(entries: list[bytes], rest: bytes) -> None:
    assert split_bundle(encode_bundle(entries) + rest, len(entries)) == (entries, rest)


@given(st.binary(max_size=400), st.integers(0, 300))
def test_any_bytes_can_be_taken_for_a_bundle(data: bytes, count: int) -> None:
    entries, rest = split_bundle(data, count)
    assert len(entries) <= count
    if rest is not None:
        assert encode_bundle(entries) + rest == data


lines = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x20), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(is_key_name)


@given(st.lists(lines, min_size=1, max_size=5), names, st.data())
@settings(deadline=None)
def test_notes_are_opened_as_signed_and_no_flipped_byte_passes(text: list[str], name: str, data: st.DataObject) -> None:
    body = "".join(f"{line}\n" for line in text)
    note = sign_note(body, name, PRIVATE)
    verifier = Verifier.parse(str(Verifier.of(name, PRIVATE.public_key())))
    assert open_note(note, verifier) == body
    place = data.draw(st.integers(0, len(note) - 1))
    flipped = note[:place] + bytes([note[place] ^ (1 << data.draw(st.integers(0, 7)))]) + note[place + 1 :]
    try:
        open_note(flipped, verifier)
    except InvalidInput:
        return
    raise AssertionError("a flipped byte passed")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_note_or_invalid_input(data: bytes) -> None:
    try:
        open_note(data, Verifier.of("name", PRIVATE.public_key()))
    except InvalidInput:
        return
    raise AssertionError("nobody signed this")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), texts)
anything = st.one_of(plain, st.floats(-(2.0**53) + 1, 2.0**53 - 1))


def json_values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    nested = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=5), max_leaves=12
    )
    return st.dictionaries(texts, nested, max_size=6)


@given(st.one_of(json_values(plain), json_values(anything)), st.integers(0, 2**53 - 1), texts)
@settings(max_examples=60, deadline=None)
def test_an_entry_is_the_jcs_form_of_its_members(facts: dict[str, Any], number: int, text: str) -> None:
    draft = EntryDraft(tenant=DEFAULT_TENANT, kind="noun.done", id=text, time=number, actor=text, facts=facts)
    data = encode_entry(number, draft)
    members: dict[str, Any] = {
        "v": 1,
        "seq": number,
        "tenant": "default",
        "kind": "noun.done",
        "id": text,
        "time": number,
    }
    assert data == rfc8785.dumps({**members, "actor": text, "facts": facts})
    assert encode_entry(number, draft) == data
    entry = decode_entry(data)
    assert (entry.seq, entry.id) == (number, text)
