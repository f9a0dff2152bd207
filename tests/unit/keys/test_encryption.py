"""Keys at rest: sealed for their own file under a passphrase, and refused with what to do under any other."""

import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from remit.keys import PASSPHRASE, KeyDirectory, KeyEncryption, PassphraseEncryption, passphrase_encryption
from remit.terms import Refused

NOW = 1_790_000_000_000
FILES = ("log.pem", "master.key", "tokens.json")
CHEAP = 4  # log2 of scrypt's N: the derivation itself is the library's


def phrase(text: bytes = b"correct horse battery") -> PassphraseEncryption:
    return PassphraseEncryption(text, cost=CHEAP)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    keys = KeyDirectory.create(tmp_path / "keys", phrase())
    keys.rotate_tokens(NOW)
    return tmp_path / "keys"


def test_no_key_stands_in_a_sealed_file(path: Path) -> None:
    keys = KeyDirectory.open(path, phrase())
    secrets = [
        keys.log_private.private_bytes_raw(),
        b"PRIVATE KEY",
        str(keys.tokens.keys[0].private.as_dict(private=True)["d"]).encode(),
    ]
    for name in FILES:
        data = (path / name).read_bytes()
        assert data.startswith(b"remit sealed key\n")
        assert not any(secret in data for secret in secrets)


def test_sealed_keys_open_with_their_passphrase_and_stay_sealed(path: Path) -> None:
    keys = KeyDirectory.open(path, phrase())
    wrapped = keys.wrap(b"k" * 32, "a")
    keys.rotate_tokens(NOW + 1)
    again = KeyDirectory.open(path, phrase())
    assert again.unwrap(wrapped, "a") == b"k" * 32
    assert again.tokens.signing(NOW + 1).kid == keys.tokens.signing(NOW + 1).kid


def test_a_sealed_start_derives_from_the_passphrase_once_for_all_keys(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeyDirectory.open(path, phrase()).approvals()
    derived = []

    def counted(**options: Any) -> Scrypt:
        derived.append(1)
        return Scrypt(**options)

    monkeypatch.setattr("remit.keys.encryption.Scrypt", counted)
    keys = KeyDirectory.open(path, phrase())
    keys.identities()
    keys.rotate_tokens(NOW + 1)
    assert len(derived) == 1


@pytest.mark.parametrize("wrong", [b"correct horse batterx", b"correct horse battery ", b"CORRECT HORSE BATTERY"])
def test_a_wrong_passphrase_is_refused_with_what_to_do(path: Path, wrong: bytes) -> None:
    with pytest.raises(Refused, match="--passphrase-file") as refusal:
        KeyDirectory.open(path, phrase(wrong))
    assert wrong.decode() not in refusal.value.message


def test_sealed_keys_without_a_passphrase_are_refused_with_what_to_do(path: Path) -> None:
    with pytest.raises(Refused, match=PASSPHRASE):
        KeyDirectory.open(path)


@pytest.mark.parametrize("name", FILES)
def test_a_plain_key_planted_among_sealed_ones_is_refused(path: Path, tmp_path: Path, name: str) -> None:
    other = KeyDirectory.create(tmp_path / "other")
    other.rotate_tokens(NOW)
    (path / name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(Refused, match="not sealed"):
        KeyDirectory.open(path, phrase())


def test_sealed_files_cannot_stand_for_one_another(path: Path) -> None:
    (path / "master.key").write_bytes((path / "log.pem").read_bytes())
    with pytest.raises(Refused, match="does not open"):
        KeyDirectory.open(path, phrase())


@pytest.mark.parametrize("name", FILES)
def test_each_flipped_bit_of_a_sealed_file_is_refused(path: Path, name: str) -> None:
    data = (path / name).read_bytes()
    head = len(b"remit sealed key\n")
    for at in (*range(head + 4), head + 17, head + 18, head + 30, len(data) // 2, len(data) - 1):
        (path / name).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(Refused):
            KeyDirectory.open(path, phrase())
    for size in (head, head + 1, head + 20, len(data) - 1):
        (path / name).write_bytes(data[:size])
        with pytest.raises(Refused):
            KeyDirectory.open(path, phrase())


def test_a_planted_file_cannot_ask_for_all_memory(path: Path) -> None:
    data = bytearray((path / "log.pem").read_bytes())
    for cost in (0, 21, 40, 255):
        data[len(b"remit sealed key\n") + 1] = cost
        (path / "log.pem").write_bytes(data)
        with pytest.raises(Refused, match="damaged"):
            KeyDirectory.open(path, phrase())


def test_two_seals_of_one_thing_differ(path: Path) -> None:
    encryption = phrase()
    assert encryption.seal(b"x", "a") != encryption.seal(b"x", "a")
    assert phrase().seal(b"x", "a")[:18] != phrase().seal(b"x", "a")[:18]


@pytest.mark.parametrize("short", [b"", b"x" * 11])
def test_a_short_passphrase_is_refused(short: bytes) -> None:
    with pytest.raises(Refused, match="at least 12"):
        PassphraseEncryption(short)


def test_the_default_cost_is_the_recommended_one() -> None:
    assert PassphraseEncryption(b"x" * 12).seal(b"", "a")[1] == 17


@pytest.mark.parametrize(
    ("old", "new"), [(None, phrase()), (phrase(), phrase(b"another passphrase")), (phrase(), None)], ids=str
)
@pytest.mark.parametrize("crash", [None, 0, 1, 2])
def test_resealing_changes_every_file_and_can_be_repeated_after_a_crash(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    old: KeyEncryption | None,
    new: KeyEncryption | None,
    crash: int | None,
) -> None:
    path = tmp_path / "keys"
    keys = KeyDirectory.create(path, old)
    kid = keys.rotate_tokens(NOW).kid
    wrapped = keys.wrap(b"k" * 32, "a")
    if crash is not None:
        from remit.keys import files

        real, left = files.replace, [crash]

        def dies(file: Path, data: bytes) -> None:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            real(file, data)

        with monkeypatch.context() as patch:
            patch.setattr("remit.keys.files.replace", dies)
            with pytest.raises(KeyboardInterrupt):
                KeyDirectory.reseal(path, old=old, new=new)
        with pytest.raises(Refused):
            KeyDirectory.open(path, new)
    KeyDirectory.reseal(path, old=old, new=new)
    opened = KeyDirectory.open(path, new)
    assert opened.log_private.private_bytes_raw() == keys.log_private.private_bytes_raw()
    assert opened.unwrap(wrapped, "a") == b"k" * 32
    assert opened.tokens.signing(NOW).kid == kid
    with pytest.raises(Refused):
        KeyDirectory.open(path, old)


def test_resealing_with_a_wrong_passphrase_changes_nothing(path: Path) -> None:
    before = {name: (path / name).read_bytes() for name in FILES}
    with pytest.raises(Refused, match="does not open"):
        KeyDirectory.reseal(path, old=phrase(b"not the passphrase"), new=phrase(b"another passphrase"))
    assert before == {name: (path / name).read_bytes() for name in FILES}


def test_the_passphrase_comes_from_a_private_file_else_from_the_environment(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    for end in (b"", b"\n", b"\r\n"):
        file.write_bytes(b"correct horse battery" + end)
        file.chmod(0o600)
        KeyDirectory.open(path, passphrase_encryption({PASSPHRASE: "something else"}, file))
    KeyDirectory.open(path, passphrase_encryption({PASSPHRASE: "correct horse battery"}))
    assert passphrase_encryption({}) is None
    file.chmod(0o644)
    with pytest.raises(Refused, match="chmod"):
        passphrase_encryption({}, file)
    with pytest.raises(Refused, match="passphrase"):
        passphrase_encryption({}, tmp_path / "absent")
    with pytest.raises(Refused, match="at least"):
        passphrase_encryption({PASSPHRASE: ""})


def test_a_passphrase_that_is_no_unicode_works() -> None:
    text = os.fsdecode(b"pass\xff\xfephrase")
    encryption = passphrase_encryption({PASSPHRASE: text})
    assert encryption is not None
    assert repr(encryption) == "PassphraseEncryption(…)"
