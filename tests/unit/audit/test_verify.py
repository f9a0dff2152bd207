"""Offline verification: whatever was changed is found, and the file and entries that it is in are named."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from remit.audit import Checkpoint, Problem, TilePath, parse_path, sign_checkpoint, verify
from remit.audit.hashing import leaf_hash
from remit.audit.report import MAX_PROBLEMS
from remit.terms import InvalidInput, Unavailable


def bundle_entry_at(data: bytes, offset: int, base: int) -> int:
    """Which entry byte `offset` of a bundle belongs to, its length prefix included."""
    start, number = 0, base
    while True:
        end = start + 2 + int.from_bytes(data[start : start + 2], "big")
        if offset < end:
            return number
        start, number = end, number + 1


def entries_in_doubt(path: str, data: bytes, offset: int) -> tuple[int, int]:
    """The entries that a flip at `offset` of this file makes doubtful."""
    tile = parse_path(path)
    assert tile is not None
    if tile.level is None:
        entry = bundle_entry_at(data, offset, tile.index * 256)
        return entry, entry
    span = 256**tile.level
    first = (tile.index * 256 + offset // 32) * span
    return first, first + span - 1


def entries_of(problem: Problem) -> tuple[int, int]:
    assert problem.first is not None
    assert problem.last is not None
    return problem.first, problem.last


def test_an_intact_log_verifies_from_any_directory_above_it(world: Any) -> None:
    world.grow(3, 300)
    for directory in (world.directory, world.directory / "log", world.log, str(world.log)):
        report = verify(directory, world.key, rows=world.rows)
        assert report.ok, report.problems
        assert (report.size, report.checked, report.rows, report.pending) == (303, 303, 303, 0)


def test_every_flipped_byte_is_found_in_the_file_and_entries_it_is_in(world: Any) -> None:
    world.grow(2, 3, 0, 4)
    assert {"checkpoint", "tile/0/000.p/2", "tile/0/000.p/9", "tile/entries/000.p/5"} <= set(world.files())
    for name in world.files():
        path = world.log / name
        data = path.read_bytes()
        for offset in range(len(data)):
            path.write_bytes(data[:offset] + bytes([data[offset] ^ (1 << offset % 8)]) + data[offset + 1 :])
            report = verify(world.log, world.key)
            assert not report.ok
            assert [problem.file for problem in report.problems] == [name], (name, offset)
            if name != "checkpoint":
                first, last = entries_in_doubt(name, data, offset)
                named = entries_of(report.problems[0])
                assert named[0] == first <= last <= named[1], (name, offset, named)
                if name.startswith("tile/0"):
                    assert named == (first, last)
        path.write_bytes(data)
    assert verify(world.log, world.key).ok


def test_a_flipped_byte_is_pinned_on_its_file_at_every_level_of_a_larger_tree(world: Any) -> None:
    world.grow(256, 256 * 256 + 300)
    names = [
        "tile/0/257",
        "tile/1/000",
        "tile/1/001.p/2",
        "tile/2/000.p/1",
        "tile/entries/200",
        "tile/entries/258.p/44",
    ]
    assert set(names) <= set(world.files())
    for name in names:
        path = world.log / name
        data = path.read_bytes()
        offset = len(data) - 1  # the last byte of a hash, or of an entry
        path.write_bytes(data[:offset] + bytes([data[offset] ^ 0x40]))
        report = verify(world.log, world.key)
        first, last = entries_in_doubt(name, data, offset)
        assert [problem.file for problem in report.problems] == [name], (name, report.problems)
        assert entries_of(report.problems[0]) == (first, min(last, len(world.rows.entries) - 1))
        path.write_bytes(data)
    for name in ("tile/0/257", "tile/1/000"):
        path = world.log / name
        data = path.read_bytes()
        path.unlink()
        report = verify(world.log, world.key)
        assert [(problem.file, problem.message) for problem in report.problems] == [(name, "is missing")]
        path.write_bytes(data)


def test_an_entry_changed_together_with_its_leaf_hash_is_found_by_the_level_above(world: Any) -> None:
    world.grow(600)
    entry = world.rows.entries[10]
    forged = entry.replace(b'"seq":10', b'"seq":99')
    bundle, tile = world.log / "tile/entries/000", world.log / "tile/0/000"
    bundle.write_bytes(bundle.read_bytes().replace(entry, forged))
    tile.write_bytes(tile.read_bytes().replace(leaf_hash(entry), leaf_hash(forged)))
    report = verify(world.log, world.key)
    assert not report.ok
    assert [(problem.file, problem.first, problem.last) for problem in report.problems] == [("tile/0/000", 0, 255)]


def test_a_whole_history_rewritten_below_an_old_signature_does_not_give_its_root(world: Any, tmp_path: Path) -> None:
    world.grow(300)
    signed = (world.log / "checkpoint").read_bytes()
    shutil.rmtree(world.log)
    world.rows.entries[7] = b"{}"
    world.grow(0)
    (world.log / "checkpoint").write_bytes(signed)
    assert [problem.file for problem in verify(world.log, world.key).problems] == ["checkpoint"]


def test_a_truncated_log_is_found_with_an_earlier_checkpoint_and_only_with_it(world: Any, tmp_path: Path) -> None:
    world.grow(5)
    short = tmp_path / "short"
    shutil.copytree(world.log, short)
    world.grow(4)
    later = world.log / "checkpoint"
    assert verify(short, world.key).ok
    report = verify(short, world.key, since=later)
    assert [(problem.file, problem.first, problem.last) for problem in report.problems] == [("checkpoint", 5, 8)]
    assert "truncated" in report.problems[0].message
    assert report.since is None


@pytest.mark.parametrize("steps", [(0, 5), (1, 0), (255, 2), (256, 1), (256, 0), (300, 300), (512, 10)])
def test_a_log_is_proven_to_extend_an_earlier_checkpoint(world: Any, tmp_path: Path, steps: tuple[int, int]) -> None:
    world.grow(steps[0])
    earlier = tmp_path / "earlier"
    shutil.copy(world.log / "checkpoint", earlier)
    world.grow(steps[1])
    report = verify(world.directory, world.key, since=earlier)
    assert report.ok, report.problems
    assert report.since == steps[0]


@pytest.mark.parametrize("size", [1, 256, 300])
def test_a_log_signed_again_over_other_entries_does_not_extend_the_earlier_one(
    world: Any, tmp_path: Path, size: int
) -> None:
    world.grow(size)
    earlier = tmp_path / "earlier"
    shutil.move(world.log / "checkpoint", earlier)
    shutil.rmtree(world.log)
    world.rows.entries[0] = b"another history"
    world.grow(10)
    assert verify(world.log, world.key).ok
    report = verify(world.log, world.key, since=earlier)
    assert [(problem.file, problem.first, problem.last) for problem in report.problems] == [("checkpoint", 0, size - 1)]


def test_an_earlier_checkpoint_that_is_missing_or_altered_is_named(world: Any, tmp_path: Path) -> None:
    world.grow(3)
    altered = tmp_path / "earlier"
    altered.write_bytes((world.log / "checkpoint").read_bytes().replace(b"\n3\n", b"\n2\n"))
    for path in (altered, tmp_path / "none"):
        report = verify(world.log, world.key, since=path)
        assert [problem.file for problem in report.problems] == [str(path)]


def test_rows_are_compared_with_the_signed_entries(world: Any) -> None:
    world.grow(600)
    world.rows.add(5)
    report = verify(world.log, world.key, rows=world.rows)
    assert report.ok
    assert (report.rows, report.pending) == (605, 5)
    for number in (3, 4, 590):
        world.rows.entries[number] = b"{}"
    del world.rows.entries[595:]
    problems = verify(world.log, world.key, rows=world.rows).problems
    assert [(p.file, p.first, p.last) for p in problems] == [
        ("store", 595, 599),
        ("store", 3, 4),
        ("store", 590, 590),
    ]


def test_a_damaged_bundle_is_not_blamed_on_the_rows(world: Any) -> None:
    world.grow(20)
    path = world.log / "tile/entries/000.p/20"
    path.write_bytes(path.read_bytes()[:-40])
    assert {p.file for p in verify(world.log, world.key, rows=world.rows).problems} == {"tile/entries/000.p/20"}


def test_a_store_that_cannot_be_read_is_a_problem_not_a_crash(world: Any) -> None:
    world.grow(3)

    class Broken:
        def tenants(self) -> list[Any]:
            return []

        def size(self, tenant: str) -> int:
            raise Unavailable("the store is locked")

        def read(self, tenant: str, start: int, stop: int) -> list[bytes]:
            return []

    assert [p.file for p in verify(world.log, world.key, rows=Broken()).problems] == ["store"]
    Broken.size = lambda *_: 3  # type: ignore[method-assign]
    assert [p.file for p in verify(world.log, world.key, rows=Broken()).problems] == ["store"]


def test_another_key_and_a_checkpoint_of_another_tenant_are_refused(world: Any) -> None:
    world.grow(3)
    foreign = Checkpoint(origin="remit.test/other", size=0, root=bytes(32))
    (world.log / "checkpoint").write_bytes(sign_checkpoint(foreign, world.private))
    assert [p.file for p in verify(world.log, world.key).problems] == ["checkpoint"]
    with pytest.raises(InvalidInput, match="verifier key"):
        verify(world.log, "no key")


def test_a_missing_or_empty_directory_is_a_problem(tmp_path: Path, world: Any) -> None:
    for directory in (tmp_path, tmp_path / "none", "a\x00b"):
        report = verify(directory, world.key)
        assert not report.ok
        assert [p.file for p in report.problems] == ["checkpoint"]


@pytest.mark.parametrize("kind", ["fifo", "directory", "huge", "loop", "garbage"])
def test_files_that_are_no_honest_files_are_named_without_waiting(world: Any, kind: str) -> None:
    world.grow(3)
    for name in world.files():
        path = world.log / name
        data = path.read_bytes()
        path.unlink()
        match kind:
            case "fifo":
                os.mkfifo(path)
            case "directory":
                path.mkdir()
            case "huge":
                path.touch()
                os.truncate(path, 2**33)
            case "loop":
                path.symlink_to(path)
            case "garbage":
                path.write_bytes(os.urandom(300))
        assert {p.file for p in verify(world.log, world.key).problems} == {name}
        path.rmdir() if kind == "directory" else path.unlink()
        path.write_bytes(data)


def test_a_signed_size_far_beyond_the_files_ends_after_a_bounded_number_of_problems(world: Any) -> None:
    world.grow(3)
    vast = Checkpoint(origin="remit.test/default", size=2**62, root=bytes(32))
    (world.log / "checkpoint").write_bytes(sign_checkpoint(vast, world.private))
    report = verify(world.log, world.key)
    assert (len(report.problems), report.complete, report.ok) == (MAX_PROBLEMS, False, False)


def test_partial_files_give_way_to_full_ones(world: Any, tmp_path: Path) -> None:
    world.grow(10)
    earlier = (world.log / "checkpoint").read_bytes()
    world.grow(400)
    (world.log / "checkpoint").write_bytes(earlier)
    shutil.rmtree(world.log / "tile/0/000.p")
    shutil.rmtree(world.log / "tile/entries/000.p")
    assert verify(world.log, world.key).ok


def test_progress_is_told(world: Any) -> None:
    world.grow(600)
    told: list[tuple[int, int]] = []
    verify(world.log, world.key, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (600, 600)


def test_problems_read_as_sentences(world: Any) -> None:
    world.grow(3)
    path = TilePath(level=0, index=0, width=3)
    (world.log / str(path)).unlink()
    assert str(verify(world.log, world.key).problems[0]) == "tile/0/000.p/3: entries 0 to 2: is missing"
