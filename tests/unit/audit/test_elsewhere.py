"""Lists of checkpoints, the file sink, and proofs of single entries."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from remit.audit import Published, Verifier, decode_proof, read_history, verify, verify_proof
from remit.connectors import FileSink
from remit.terms import DEFAULT_TENANT, Conflict, InvalidInput, Unavailable


def keep(world: Any, sink: FileSink) -> None:
    published = Published(world.directory / "log")
    found = published.checkpoint(DEFAULT_TENANT)
    assert found is not None
    prove = partial(published.consistency, DEFAULT_TENANT)
    asyncio.run(sink.deliver(*found, Verifier.parse(world.key), prove))


def test_a_sink_keeps_each_checkpoint_once_and_verify_proves_them_all(world: Any, tmp_path: Path) -> None:
    path = tmp_path / "sink"
    for size in (3, 0, 300, 5):
        world.grow(size)
        keep(world, FileSink(path))  # a new process each time
    assert [one.size for one in read_history(path.read_bytes(), Verifier.parse(world.key))] == [3, 303, 308]
    assert verify(world.log, world.key, since=path).since == 308


@pytest.mark.parametrize("cut", [1, 5, 40, 100, 150])
def test_a_checkpoint_that_a_crash_cut_off_is_skipped(world: Any, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "sink"
    world.grow(3)
    keep(world, FileSink(path))
    path.write_bytes(path.read_bytes() + path.read_bytes()[:-cut])
    world.grow(4)
    keep(world, FileSink(path))
    assert [one.size for one in read_history(path.read_bytes(), Verifier.parse(world.key))] == [3, 7]


def test_a_sink_reports_a_log_that_is_shorter_or_another_one(world: Any, tmp_path: Path) -> None:
    path = tmp_path / "sink"
    world.grow(9)
    keep(world, FileSink(path))
    before = path.read_bytes()
    for entries in (5, 9, 12, 300):
        other = type(world)(tmp_path / f"other{entries}")
        other.rows.entries = [b"%d" % number for number in range(entries)]
        other.grow(0)
        with pytest.raises(Conflict, match="does not extend"):
            keep(other, FileSink(path))
        assert path.read_bytes() == before
        report = verify(other.log, other.key, since=path)
        assert not report.ok
    assert "history was changed" in str(report.problems[0])


def test_two_that_go_on_from_one_history_find_out_about_each_other(world: Any, tmp_path: Path) -> None:
    world.grow(3)
    path = tmp_path / "sink"
    sink = FileSink(path)
    keep(world, sink)
    copy = type(world)(tmp_path / "copy")
    copy.rows.entries = [*world.rows.entries, b"restored"]
    copy.grow(0)
    keep(copy, FileSink(path))
    world.grow(2)
    with pytest.raises(Conflict, match="does not extend"):
        keep(world, sink)
    assert [one.size for one in read_history(path.read_bytes(), Verifier.parse(world.key))] == [3, 4]


def test_what_is_no_file_or_cannot_be_written_is_a_failure_not_a_wait(world: Any, tmp_path: Path) -> None:
    world.grow(1)
    with pytest.raises(Unavailable):
        keep(world, FileSink(tmp_path))
    with pytest.raises(Unavailable):
        keep(world, FileSink(Path("/dev/full")))


def test_every_entry_is_proven_and_no_other_bytes_are(world: Any) -> None:
    world.grow(1, 2, 300)
    published, key = Published(world.directory / "log"), Verifier.parse(world.key)
    for index in (0, 1, 2, 255, 256, 302):
        data = published.proof(DEFAULT_TENANT, index)
        assert data is not None
        proof = decode_proof(data)
        entry = world.rows.entries[index]
        assert proof.extra == entry
        assert verify_proof(proof, entry, key).size == 303
        with pytest.raises(InvalidInput):
            verify_proof(proof, entry + b" ", key)
    assert published.proof(DEFAULT_TENANT, 303) is None


def test_a_proof_in_which_any_byte_was_flipped_proves_nothing(world: Any) -> None:
    world.grow(5)
    data = Published(world.directory / "log").proof(DEFAULT_TENANT, 2)
    assert data is not None
    entry, key = world.rows.entries[2], Verifier.parse(world.key)
    start = data.index(b"\nindex")  # `extra` before it is not what is proven
    for offset in range(start, len(data)):
        changed = data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :]
        with pytest.raises(InvalidInput):
            verify_proof(decode_proof(changed), entry, key)
