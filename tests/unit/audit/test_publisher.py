"""Publishing: incremental, crash-safe, and never a signature over two histories."""

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from remit.audit import Publisher, Tree, open_checkpoint, verify, verify_consistency, verify_inclusion
from remit.audit.files import MAX_FRESH, LogFiles
from remit.audit.hashing import leaf_hash, tree_root
from remit.audit.sequencer import SLICE
from remit.terms import InvalidInput, Refused, TenantId, Unavailable


def tree_of(world: Any, size: int) -> Tree:
    files = LogFiles(world.log)
    return Tree(size, lambda path: files.read(str(path), 10_000))


@pytest.mark.parametrize("counts", [(0,), (1,), (255, 1), (256, 1), (3, 300, 255, 42), (1000,)])
def test_a_published_log_is_that_of_its_rows(world: Any, counts: tuple[int, ...]) -> None:
    world.grow(*counts)
    checkpoint = world.publisher().publish(world.tenant)
    assert checkpoint.size == sum(counts)
    assert checkpoint.root == tree_root([leaf_hash(entry) for entry in world.rows.entries])
    assert verify(world.directory, world.key, rows=world.rows).ok


def test_one_publisher_and_many_write_the_same_files(tmp_path: Path, world: Any) -> None:
    for _ in range(40):
        world.rows.add(17)
        world.publisher().publish(world.tenant)
    again = type(world)(tmp_path / "again")
    again.grow(*[17] * 40)
    report = verify(again.log, world.key)
    assert report.ok
    assert (world.log / "checkpoint").read_bytes() == (again.log / "checkpoint").read_bytes()


def test_nothing_new_writes_nothing(world: Any) -> None:
    world.grow(5)
    publisher = world.publisher(world.failing(at=0, kept=True))
    assert publisher.publish(world.tenant).size == 5


def test_what_is_replaced_is_synced_first_and_new_files_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    really = os.fsync

    def fsync(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        really(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    files = LogFiles(tmp_path)
    names = [f"tile/0/{number:03d}" for number in range(MAX_FRESH + 3)]
    for name in names:
        files.write(name, b"x")
    assert len(synced) == MAX_FRESH  # no more than so many wait
    files.sync()
    assert {(tmp_path / name).stat().st_ino for name in names} <= synced
    assert (tmp_path / "tile/0").stat().st_ino in synced
    files.write(names[0], b"y")
    assert (tmp_path / names[0]).stat().st_ino in synced


def test_what_cannot_be_synced_is_gone_and_not_believed_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = LogFiles(tmp_path)
    for name in ("tile/0/002.p/7", "tile/0/002.p/9", "tile/0/002"):
        files.write(name, b"x")
    really, damaged = os.fsync, (tmp_path / "tile/0/002.p/9").stat().st_ino

    def fsync(handle: int) -> None:
        if os.fstat(handle).st_ino == damaged:
            raise OSError(errno.EIO, "Input/output error")
        really(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output"):
        files.sync()
    assert files.partials("tile/0/002.p") == []  # its damaged pages may by now look clean to the system
    files.write("tile/0/002.p/12", b"y")
    files.sync()
    assert files.partials("tile/0/002.p") == [12]


def test_publishing_pauses_between_slices(world: Any) -> None:
    pauses: list[int] = []
    world.rows.add(1000)
    publisher = Publisher(
        world.log, private=world.private, origin="remit.test", source=world.rows, pause=lambda: pauses.append(1)
    )
    assert publisher.publish(world.tenant).size == 1000
    assert len(pauses) >= 1000 // SLICE


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize(("before", "new"), [(0, 3), (3, 4), (250, 20), (600, 300)])
def test_after_a_crash_at_any_write_the_log_is_valid_and_goes_on(
    tmp_path: Path, world: Any, before: int, new: int, kept: bool
) -> None:
    step, crashed = 0, True
    while crashed:
        here = type(world)(tmp_path / str(step))
        if before:
            here.grow(before)
        here.rows.add(new)
        crashed = False
        try:
            here.publisher(here.failing(step, kept)).publish(here.tenant)
        except here.power_loss:
            crashed = True
            if (here.log / "checkpoint").exists():
                left = verify(here.log, here.key, rows=here.rows)
                assert left.ok, (step, left.problems)
                assert left.size in (0, before, before + new)
        here.rows.add(2)
        assert here.publisher().publish(here.tenant).size == before + new + 2
        report = verify(here.log, here.key, rows=here.rows)
        assert report.ok, (step, report.problems)
        step += 1
    assert step >= 6  # bundle, tile, sync, checkpoint, sync, and the run without a crash


def test_after_a_failed_write_the_same_publisher_continues(world: Any) -> None:
    class Full(LogFiles):
        full = True

        def write(self, path: str, data: bytes) -> None:
            if self.full and "entries" in path:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write(path, data)

    files = Full(world.directory / "log")
    publisher = world.publisher(files)
    world.rows.add(700)
    with pytest.raises(Unavailable, match="No space left"):
        publisher.publish(world.tenant)
    files.full = False
    assert publisher.publish(world.tenant).size == 700
    assert verify(world.log, world.key, rows=world.rows).ok


@pytest.mark.parametrize("size", [5, 256, 300])
def test_rows_that_are_not_those_signed_are_never_signed(world: Any, size: int) -> None:
    world.grow(size)
    signed = (world.log / "checkpoint").read_bytes()
    kept = list(world.rows.entries)
    lost = kept[:-2]
    grown_again = [*lost, b"other", b"other", b"other"]
    for rows in (lost, grown_again):
        world.rows.entries = rows
        with pytest.raises(Unavailable, match=r"store lost|not those"):
            world.publisher().publish(world.tenant)
        assert (world.log / "checkpoint").read_bytes() == signed
    world.rows.entries = [b"other", *kept[1:]]
    with pytest.raises(Unavailable, match="not those"):
        world.publisher().check(world.tenant)
    with pytest.raises(Unavailable, match="not those"):
        world.publisher().rebuild(world.tenant)
    assert (world.log / "checkpoint").read_bytes() == signed
    world.rows.entries = kept
    assert world.publisher().check(world.tenant).size == size
    assert world.publisher().publish(world.tenant).size == size


def test_a_lost_altered_or_foreign_checkpoint_is_refused_until_someone_decides(world: Any) -> None:
    world.grow(5)
    path = world.log / "checkpoint"
    data = path.read_bytes()
    world.rows.add(1)
    for wrong in (data.replace(b"\n5\n", b"\n4\n"), b"", b"\xff"):
        path.write_bytes(wrong)
        for act in (world.publisher().publish, world.publisher().rebuild):
            with pytest.raises(Unavailable, match="not ours"):
                act(world.tenant)
        assert path.read_bytes() == wrong
    path.unlink()
    with pytest.raises(Unavailable, match="no checkpoint"):
        world.publisher().publish(world.tenant)
    assert world.publisher().rebuild(world.tenant).size == 6
    assert verify(world.log, world.key, rows=world.rows).ok


def test_damaged_tiles_are_refused_and_rebuilt_from_rows(world: Any) -> None:
    world.grow(300, 300)
    world.rows.add(9)
    for name in ("tile/0/002.p/88", "tile/1/000.p/2"):
        path = world.log / name
        data = path.read_bytes()
        for damage in (b"", bytes(len(data)), None):
            path.unlink() if damage is None else path.write_bytes(damage)
            with pytest.raises(Unavailable, match="rebuild"):
                world.publisher().publish(world.tenant)
        path.write_bytes(data)
    (world.log / "tile/0/000").write_bytes(bytes(8192))
    (world.log / "tile/entries/001").unlink()
    assert world.publisher().rebuild(world.tenant).size == 609
    assert verify(world.log, world.key, rows=world.rows).ok


def test_partial_files_stay_until_a_checkpoint_later(world: Any) -> None:
    world.grow(100, 100)
    assert "tile/0/000.p/100" in world.files()
    publisher = world.publisher()
    publisher.publish(world.tenant)
    world.rows.add(100)
    publisher.publish(world.tenant)
    assert {"tile/0/000.p/100", "tile/0/000.p/200", "tile/entries/000.p/200"} <= set(world.files())
    world.rows.add(1)
    publisher.publish(world.tenant)
    assert not [name for name in world.files() if name.startswith(("tile/0/000.p", "tile/entries/000.p"))]
    assert verify(world.log, world.key).ok


def test_publishing_again_reads_no_old_rows(world: Any) -> None:
    world.grow(5000)
    publisher = world.publisher()
    publisher.publish(world.tenant)
    read: list[int] = []
    original = world.rows.read

    def reading(tenant: TenantId, start: int, stop: int) -> Any:
        read.append(start)
        return original(tenant, start, stop)

    world.rows.read = reading
    world.rows.add(10)
    publisher.publish(world.tenant)
    assert read == [5000]


def test_stored_tiles_give_proofs_that_verify(world: Any) -> None:
    world.grow(70_000)
    sizes = (1, 255, 256, 257, 65_536, 65_537, 70_000)
    trees = {size: tree_of(world, size) for size in sizes if size in (65_536, 70_000)}
    leaves = [leaf_hash(entry) for entry in world.rows.entries]
    roots = {size: tree_root(leaves[:size]) for size in sizes}
    tree = trees[70_000]
    assert tree.root() == roots[70_000]
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        assert tree.leaf(index) == leaves[index]
        assert verify_inclusion(leaves[index], index, 70_000, tree.inclusion(index), roots[70_000])
    for old in sizes:
        assert verify_consistency(old, roots[old], 70_000, roots[70_000], tree.consistency(old))
    with pytest.raises(InvalidInput):
        tree.inclusion(70_000)
    with pytest.raises(InvalidInput):
        tree.consistency(70_001)
    with pytest.raises(Unavailable, match="rebuild"):
        tree_of(world, 80_000).root()


def test_each_tenant_has_its_own_log_in_one_safe_directory(world: Any) -> None:
    world.rows.add(1)
    publisher = world.publisher()
    tenant = TenantId("a/../../b+c")
    checkpoint = publisher.publish(tenant)
    assert checkpoint.origin == "remit.test/a%2F..%2F..%2Fb%2Bc"
    path = world.directory / "log" / "a%2F..%2F..%2Fb%2Bc" / "checkpoint"
    assert open_checkpoint(path.read_bytes(), publisher.verifier(tenant)) == checkpoint
    assert verify(world.directory, str(publisher.verifier(tenant)), rows=world.rows).ok
    for name in ("", ".", "..", "ü" * 60):
        with pytest.raises(InvalidInput):
            publisher.publish(TenantId(name))


def test_an_origin_that_cannot_name_a_key_is_refused(world: Any) -> None:
    for origin in ("", "a b", "a+b", "a\nb", "a\u2003b"):
        with pytest.raises(Refused):
            Publisher(world.directory, private=world.private, origin=origin, source=world.rows)


def test_threads_may_publish_at_once(world: Any) -> None:
    world.rows.add(1000)
    publisher = world.publisher()
    threads = [threading.Thread(target=publisher.publish, args=(world.tenant,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(world.log, world.key, rows=world.rows).ok
