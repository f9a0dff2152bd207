"""Backups: whole and never over another file; archives that are damaged or hostile leave nothing behind."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from remit.storage import Manifest, back_up, unpacked
from remit.storage.backup import MANIFEST
from remit.terms import Refused

Change = Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]


@pytest.fixture
def archive(directory: Path, tmp_path: Path) -> Path:
    back_up(directory, tmp_path / "b.tar", keys=True)
    return tmp_path / "b.tar"


def rewritten(archive: Path, change: Change) -> Path:
    with tarfile.open(archive) as tar:
        members = [(one, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]
    change(members)
    changed = archive.with_name("changed.tar")
    with tarfile.open(changed, "w") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return changed


def extra(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Change:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        members.insert(0, (info, b""))

    return change


def flip(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    place = next(number for number, (info, _) in enumerate(members) if info.name == "remit.db")
    info, data = members[place]
    members[place] = info, data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]


def drop(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    del members[0]


def newer(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    info, data = members[-1]
    body = msgspec.json.encode(msgspec.structs.replace(msgspec.json.decode(data, type=Manifest), form=2))
    info.size = len(body)
    members[-1] = info, body


def unlisted(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members.pop()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flip, "damaged"),
        (drop, "damaged"),
        (newer, "later Remit"),
        (unlisted, "no manifest"),
        (extra("policies/more.cedar"), "damaged"),
        (extra("../outside"), "something else"),
        (extra("/tmp/outside"), "something else"),
        (extra("policies/./x"), "something else"),
        (extra("remit.db"), "something else"),
        (extra("link", tarfile.SYMTYPE, "/etc/passwd"), "something else"),
        (extra("hard", tarfile.LNKTYPE, "remit.db"), "something else"),
        (extra("pipe", tarfile.FIFOTYPE), "something else"),
    ],
)
def test_an_archive_that_was_changed_is_refused_and_leaves_nothing(
    archive: Path, tmp_path: Path, change: Change, said: str
) -> None:
    before = set(tmp_path.parent.iterdir())
    with pytest.raises(Refused, match=said), unpacked(rewritten(archive, change), tmp_path / "new"):
        pytest.fail("it was unpacked")
    assert {path.name for path in tmp_path.iterdir()} == {"remit.d", "b.tar", "changed.tar"}
    assert set(tmp_path.parent.iterdir()) == before


@pytest.mark.parametrize("cut", [0, 100, 5000, -1500])
def test_an_archive_that_was_cut_off_is_refused(archive: Path, tmp_path: Path, cut: int) -> None:
    archive.write_bytes(archive.read_bytes()[:cut].rstrip(b"\0"))
    with pytest.raises(Refused), unpacked(archive, tmp_path / "new"):
        pytest.fail("it was unpacked")
    assert not (tmp_path / "new").exists()


def test_a_whole_backup_appears_with_its_files_private(archive: Path, directory: Path, tmp_path: Path) -> None:
    with unpacked(archive, tmp_path / "new") as (making, manifest):
        assert making.stat().st_mode & 0o777 == 0o700
    new = tmp_path / "new"
    assert (new / "remit.toml").read_bytes() == (directory / "remit.toml").read_bytes()
    assert {"remit.db", "keys/log.pem", "log/default/checkpoint"} <= set(manifest.files)
    assert MANIFEST not in manifest.files
    assert all(path.stat().st_mode & 0o077 == 0 for path in new.rglob("*"))
    assert not list(new.glob("remit.db-*"))


def test_nothing_is_overwritten_by_a_backup_or_a_restore(archive: Path, directory: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="never overwritten"):
        back_up(directory, archive, keys=True)
    with pytest.raises(Refused, match="exists already"), unpacked(archive, directory):
        pytest.fail("it was unpacked")


def test_a_restore_that_fails_later_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="changed my mind"), unpacked(archive, tmp_path / "new"):
        raise Refused("changed my mind")
    assert {path.name for path in tmp_path.iterdir()} == {"remit.d", "b.tar"}
