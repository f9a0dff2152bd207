"""Keys on disk: private, whole, never overwritten, each with one use."""

import hashlib
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from remit.keys import KeyDirectory, new_data_key
from remit.terms import InvalidInput, Refused, Unavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "keys"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_private_whatever_the_umask_and_read_again(path: Path) -> None:
    old = os.umask(0)
    try:
        made = KeyDirectory.create(path)
    finally:
        os.umask(old)
    assert mode(path) == 0o700
    assert {file.name: mode(file) for file in path.iterdir()} == {"log.pem": 0o600, "master.key": 0o600}
    opened = KeyDirectory.open(path)
    assert opened.log_private.public_key() == made.log_private.public_key()
    assert opened.unwrap(made.wrap(b"k" * 32, "a"), "a") == b"k" * 32
    assert list(path.parent.iterdir()) == [path]


def test_each_use_has_a_key_of_its_own(path: Path) -> None:
    keys = KeyDirectory.create(path)
    secrets = [
        keys.log_private.private_bytes_raw(),
        (path / "master.key").read_bytes(),
        keys.approvals().private_bytes_raw(),
    ]
    assert len(set(secrets)) == 3


def test_each_key_is_told_by_a_name_that_is_its_own_and_stays_and_holds_nothing_of_it(path: Path) -> None:
    keys = KeyDirectory.create(path)
    told = keys.identities()
    assert set(told) == {"checkpoints", "data keys", "binding tokens"}
    assert len(set(told.values())) == 3
    assert KeyDirectory.open(path).identities() == told
    assert told["data keys"] != hashlib.sha256((path / "master.key").read_bytes()).hexdigest()
    other = KeyDirectory.create(path.with_name("other")).identities()
    assert not set(other.values()) & set(told.values())
    (path / "approvals.pem").unlink()
    again = KeyDirectory.open(path).identities()
    assert {use for use in told if told[use] != again[use]} == {"binding tokens"}, "a lost key is another one"


@pytest.mark.parametrize("what", ["keys", "other", "file", "link"])
def test_nothing_is_ever_overwritten(path: Path, what: str) -> None:
    path.parent.mkdir()
    match what:
        case "keys":
            KeyDirectory.create(path)
        case "other":
            path.mkdir()
            (path / "precious").write_text("x")
        case "file":
            path.write_text("x")
        case "link":
            path.symlink_to("elsewhere")
    before = sorted((str(file), file.is_file() and file.read_bytes()) for file in path.parent.rglob("*"))
    with pytest.raises(Refused):
        KeyDirectory.create(path)
    assert before == sorted((str(file), file.is_file() and file.read_bytes()) for file in path.parent.rglob("*"))


def test_an_empty_directory_is_filled(path: Path) -> None:
    path.mkdir(parents=True)
    KeyDirectory.create(path)
    assert mode(path) == 0o700


def test_a_failed_creation_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("remit.keys.files.sync", full)
    with pytest.raises(Refused, match="No space"):
        KeyDirectory.create(path)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["log.pem", "master.key"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "garbage", "directory", "fifo", "huge"])
def test_keys_that_are_missing_or_damaged_are_refused_with_what_to_do(path: Path, name: str, damage: str) -> None:
    KeyDirectory.create(path)
    file = path / name
    data = file.read_bytes()
    file.unlink()
    old = os.umask(0o077)
    try:
        match damage:
            case "empty":
                file.write_bytes(b"")
            case "cut":
                file.write_bytes(data[:-5])
            case "garbage":
                file.write_bytes(b"\xff\x00" * 300)
            case "directory":
                file.mkdir()
            case "fifo":
                os.mkfifo(file)
            case "huge":
                file.touch()
                os.truncate(file, 2**40)
    finally:
        os.umask(old)
    with pytest.raises(Refused, match="restore it from its backup") as refusal:
        KeyDirectory.open(path)
    assert name in refusal.value.message


@pytest.mark.parametrize("name", [".", "log.pem", "master.key"])
@pytest.mark.parametrize("bits", [0o040, 0o004, 0o020, 0o001])
def test_keys_that_others_can_use_are_refused(path: Path, name: str, bits: int) -> None:
    KeyDirectory.create(path)
    file = path / name
    file.chmod(mode(file) | bits)
    with pytest.raises(Refused, match="chmod"):
        KeyDirectory.open(path)


def test_another_kind_of_key_or_an_encrypted_one_is_refused(path: Path) -> None:
    keys = KeyDirectory.create(path)
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = keys.log_private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    public = keys.log_private.public_key().public_bytes_raw()
    for data in (other, locked, public):
        (path / "log.pem").write_bytes(data)
        with pytest.raises(Refused, match="Ed25519"):
            KeyDirectory.open(path)


def test_no_directory_is_refused_with_what_to_do(path: Path) -> None:
    with pytest.raises(Refused, match="remit init"):
        KeyDirectory.open(path)
    path.parent.mkdir()
    path.write_text("x")
    with pytest.raises(Refused, match="directory"):
        KeyDirectory.open(path)


def test_a_wrapped_key_opens_only_unaltered_in_its_context_under_its_master_key(path: Path, tmp_path: Path) -> None:
    keys = KeyDirectory.create(path)
    data_key = new_data_key()
    wrapped = keys.wrap(data_key, "mission:a")
    assert data_key not in wrapped
    assert wrapped != keys.wrap(data_key, "mission:a")
    assert keys.unwrap(wrapped, "mission:a") == data_key
    other = KeyDirectory.create(tmp_path / "other")
    for holder, context in ((keys, "mission:b"), (keys, ""), (other, "mission:a")):
        with pytest.raises(Unavailable, match="cannot be unwrapped"):
            holder.unwrap(wrapped, context)
    flipped = [wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :] for at in range(len(wrapped))]
    for wrong in (*flipped, b"", wrapped[:-1], wrapped + b"x"):
        with pytest.raises(Unavailable):
            keys.unwrap(wrong, "mission:a")


def test_what_cannot_be_wrapped_is_refused(path: Path) -> None:
    keys = KeyDirectory.create(path)
    with pytest.raises(InvalidInput):
        keys.wrap(b"short", "a")
    with pytest.raises(InvalidInput):
        keys.wrap(b"k" * 32, "\ud800")


def test_keys_are_not_shown(path: Path) -> None:
    keys = KeyDirectory.create(path)
    assert repr(keys) == str(keys) == "KeyDirectory(…)"
