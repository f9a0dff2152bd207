"""The model of the disk itself: what is synced stays, what is not may go, and nothing else comes."""

import random
from pathlib import Path

import pytest
from tests.faults.disk import SECTOR, Disk
from tests.faults.recording import Event, Replay, read

FILE = "a.db"


def recorded(root: Path, *calls: str) -> list[Event]:
    """Events from lines as strace writes them, with texts in plain."""
    trace = root.parent / "trace"
    trace.write_text("".join(f"7 {call}\n" for call in calls))
    return read(trace)


def hexed(text: str | bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in (text if isinstance(text, bytes) else text.encode()))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    (made / FILE).write_bytes(b"-" * 2 * SECTOR)
    return made


def written(root: Path, data: bytes, at: int = 0) -> str:
    return f'pwrite64(3<{hexed(str(root / FILE))}>, "{hexed(data)}", {len(data)}, {at}) = {len(data)}'


def synced(path: Path) -> str:
    return f"fdatasync(3<{hexed(str(path))}>) = 0"


def images(root: Path, events: list[Event], keep: float | None, count: int = 1) -> list[Path]:
    disk = Disk(root)
    Replay(disk, events, lambda _: None).forward(len(events))
    made = [root.parent / f"image-{number}" for number in range(count)]
    for number, image in enumerate(made):
        disk.lose_power(image, random.Random(number), keep)
    return made


def test_a_synced_write_stays_and_a_later_one_goes(root: Path) -> None:
    events = recorded(root, written(root, b"A"), synced(root / FILE), written(root, b"B", 1))
    (lost,) = images(root, events, 0)
    assert (lost / FILE).read_bytes()[:2] == b"A-"


def test_without_loss_all_is_there(root: Path) -> None:
    events = recorded(root, written(root, b"A"), f"ftruncate(3<{hexed(str(root / FILE))}>, 1) = 0")
    (kept,) = images(root, events, 1)
    assert (kept / FILE).read_bytes() == b"A"


def test_a_sync_covers_only_what_had_returned_when_it_began(root: Path) -> None:
    first, *rest = written(root, b"A").rpartition(" = ")
    (root.parent / "trace").write_text(
        f"7 {first.removesuffix(')')} <unfinished ...>\n8 {synced(root / FILE)}\n7 <... pwrite64 resumed>) = 1\n"
    )
    assert rest
    (lost,) = images(root, read(root.parent / "trace"), 0)
    assert (lost / FILE).read_bytes()[:1] == b"-"


def test_a_failed_sync_covers_nothing_and_a_failed_write_writes_nothing(root: Path) -> None:
    failed = written(root, b"B", 1).rpartition(" = ")[0] + " = -1 ENOSPC (No space left on device) (INJECTED)"
    sync = synced(root / FILE).rpartition(" = ")[0] + " = -1 EIO (Input/output error) (INJECTED)"
    events = recorded(root, written(root, b"A"), failed, sync)
    assert (images(root, events, 0)[0] / FILE).read_bytes()[:2] == b"--"
    (root.parent / "image-0").rename(root.parent / "lost")
    assert (images(root, events, 1)[0] / FILE).read_bytes()[:2] == b"A-"


def test_writes_are_torn_by_sectors_and_in_no_order(root: Path) -> None:
    events = recorded(root, written(root, b"A" * 2 * SECTOR), written(root, b"B" * SECTOR))
    found = {(image / FILE).read_bytes() for image in images(root, events, None, 200)}
    sectors = {(data[:SECTOR][:1], data[SECTOR:][:1]) for data in found}
    assert all(set(data[:SECTOR]) == {data[0]} and set(data[SECTOR:]) == {data[-1]} for data in found)
    assert sectors == {(one, two) for one in (b"-", b"A", b"B") for two in (b"-", b"A")}


def test_a_renamed_file_has_its_old_name_until_its_directory_is_synced(root: Path) -> None:
    temporary, final = str(root / ".new"), str(root / "new")
    steps = (
        f'openat(AT_FDCWD<{hexed("/")}>, "{hexed(temporary)}", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3<{hexed(temporary)}>',
        f'write(3<{hexed(temporary)}>, "{hexed(b"data")}", 4) = 4',
        f"fsync(3<{hexed(temporary)}>) = 0",
        f'rename("{hexed(temporary)}", "{hexed(final)}") = 0',
    )
    (lost,) = images(root, recorded(root, *steps), 0)
    assert sorted(path.name for path in lost.iterdir()) == [FILE]
    lost.rename(root.parent / "lost")
    (kept,) = images(root, recorded(root, *steps, synced(root)), 0)
    assert (kept / "new").read_bytes() == b"data"
    assert not (kept / ".new").exists()


def test_what_the_model_does_not_know_is_refused(root: Path) -> None:
    events = recorded(root, f'link("{hexed(str(root / FILE))}", "{hexed(str(root / "b"))}") = 0')
    with pytest.raises(AssertionError, match="does not model link"):
        images(root, events, 0)
