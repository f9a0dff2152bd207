"""Token keys: one signs, those before it verify while their tokens live, and the file is whole or not at all."""

import base64
import json
import os
import stat
from pathlib import Path

import pytest

from remit.keys import MAX_LIFETIME, OVERLAP, KeyDirectory, TokenKeys
from remit.terms import Conflict, Refused, Unavailable

NOW = 1_790_000_000_000


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    return KeyDirectory.create(tmp_path / "keys")


def test_an_installation_gets_its_first_token_key_once(keys: KeyDirectory, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="rotate"):
        keys.tokens.signing(NOW)
    made = keys.ensure_tokens(NOW)
    assert made is not None
    assert keys.ensure_tokens(NOW + 1) is None
    opened = KeyDirectory.open(tmp_path / "keys")
    assert opened.tokens.signing(NOW).kid == made.kid
    assert opened.tokens.signing(NOW).private.private_key is not None
    assert stat.S_IMODE((tmp_path / "keys" / "tokens.json").stat().st_mode) == 0o600


def test_the_old_key_verifies_through_the_overlap_and_not_after(keys: KeyDirectory) -> None:
    old = keys.rotate_tokens(NOW)
    new = keys.rotate_tokens(NOW + 10)
    tokens = keys.tokens
    assert tokens.signing(NOW + 10).kid == new.kid != old.kid
    assert OVERLAP > MAX_LIFETIME
    assert tokens.verifying(old.kid, NOW + 10 + OVERLAP - 1) is not None
    assert tokens.verifying(old.kid, NOW + 10 + OVERLAP) is None
    assert tokens.verifying(new.kid, NOW + 10 + OVERLAP) is not None
    assert tokens.verifying("unknown", NOW) is None


def test_a_key_that_is_announced_signs_only_from_its_time(keys: KeyDirectory) -> None:
    old = keys.rotate_tokens(NOW)
    new = keys.rotate_tokens(NOW, lead=60_000)
    tokens = keys.tokens
    assert [key["kid"] for key in tokens.jwks(NOW)["keys"]] == [old.kid, new.kid]
    assert tokens.signing(NOW + 59_999).kid == old.kid
    assert tokens.signing(NOW + 60_000).kid == new.kid
    assert tokens.verifying(old.kid, NOW + 60_000 + OVERLAP - 1) is not None
    assert tokens.verifying(old.kid, NOW + 60_000 + OVERLAP) is None


@pytest.mark.parametrize("leads", [(0, 0), (60_000, 0), (0, 60_000), (60_000, 10_000), (10_000, 60_000)])
def test_some_key_signs_at_every_moment_whatever_the_rotations(keys: KeyDirectory, leads: tuple[int, int]) -> None:
    keys.rotate_tokens(NOW)
    for at, lead in enumerate(leads):
        keys.rotate_tokens(NOW + at * 1_000, lead=lead)
    for moment in range(NOW, NOW + 200_000, 500):
        key = keys.tokens.signing(moment)
        assert keys.tokens.verifying(key.kid, moment + MAX_LIFETIME) is not None


def test_a_known_key_is_void_at_once(keys: KeyDirectory, tmp_path: Path) -> None:
    old = keys.rotate_tokens(NOW)
    new = keys.rotate_tokens(NOW, at_once=True)
    for tokens in (keys.tokens, KeyDirectory.open(tmp_path / "keys").tokens):
        assert tokens.verifying(old.kid, NOW) is None
        assert tokens.signing(NOW).kid == new.kid


def test_retired_keys_are_dropped_and_too_many_at_once_refused(keys: KeyDirectory) -> None:
    for _ in range(8):
        keys.rotate_tokens(NOW)
    with pytest.raises(Conflict, match="wait"):
        keys.rotate_tokens(NOW)
    keys.rotate_tokens(NOW + OVERLAP)
    assert len(keys.tokens.keys) == 2
    keys.rotate_tokens(NOW + OVERLAP, at_once=True)
    assert len(keys.tokens.keys) == 1


def test_the_published_set_is_public(keys: KeyDirectory) -> None:
    key = keys.rotate_tokens(NOW)
    (jwk,) = keys.tokens.jwks(NOW)["keys"]
    assert set(jwk) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert (jwk["alg"], jwk["kid"]) == ("Ed25519", key.private.thumbprint())
    assert keys.tokens.jwks(NOW + 10)["keys"] == [jwk]
    keys.rotate_tokens(NOW + 10)
    assert len(keys.tokens.jwks(NOW + 10 + OVERLAP)["keys"]) == 1


def test_token_keys_are_keys_of_their_own(keys: KeyDirectory, tmp_path: Path) -> None:
    key = keys.rotate_tokens(NOW)
    secret = key.private.private_key.private_bytes_raw()  # type: ignore[union-attr]
    assert secret != keys.log_private.private_bytes_raw()
    assert secret != (tmp_path / "keys" / "master.key").read_bytes()
    d = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    for shown in (repr(key), str(keys.tokens), repr(keys), str(keys.tokens.jwks(NOW))):
        assert d not in shown


def test_a_rotation_that_cannot_be_written_changes_nothing(
    keys: KeyDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = keys.rotate_tokens(NOW)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for broken in ("write", "sync"):
        before = (tmp_path / "keys" / "tokens.json").read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(f"remit.keys.files.{broken}", full)
            with pytest.raises(Refused, match="No space"):
                keys.rotate_tokens(NOW + 1)
        assert [key.kid for key in keys.tokens.keys] == [old.kid]
        assert KeyDirectory.open(tmp_path / "keys").tokens.verifying(old.kid, NOW + 1) is not None
        if broken == "write":
            assert (tmp_path / "keys" / "tokens.json").read_bytes() == before
    assert sorted(os.listdir(tmp_path / "keys")) == ["log.pem", "master.key", "tokens.json"]


def test_what_a_crash_left_of_a_rotation_is_replaced_by_the_next(keys: KeyDirectory, tmp_path: Path) -> None:
    keys.rotate_tokens(NOW)
    (tmp_path / "keys" / "tokens.json.new").write_bytes(b'{"version":1,"ke')
    opened = KeyDirectory.open(tmp_path / "keys")
    new = opened.rotate_tokens(NOW + 1)
    assert KeyDirectory.open(tmp_path / "keys").tokens.signing(NOW + 1).kid == new.kid
    assert not (tmp_path / "keys" / "tokens.json.new").exists()


@pytest.mark.parametrize("damage", ["empty", "cut", "garbage", "other", "halves", "unknown", "list", "order"])
def test_a_damaged_file_of_token_keys_is_refused_with_what_to_do(
    keys: KeyDirectory, tmp_path: Path, damage: str
) -> None:
    keys.rotate_tokens(NOW)
    keys.rotate_tokens(NOW + 1)
    file = tmp_path / "keys" / "tokens.json"
    data = json.loads(file.read_bytes())
    first, second = data["keys"]
    other: object = {
        "other": {"version": 1},
        "halves": {**data, "keys": [{**first, "x": second["x"]}]},
        "unknown": {**data, "keys": [{**first, "use": "enc"}]},
        "list": [],
        "order": {**data, "keys": [second, first]},
    }.get(damage)
    written = {"empty": b"", "cut": file.read_bytes()[:-5], "garbage": b"\xff\x00" * 300}
    file.write_bytes(written.get(damage) or (b"" if damage == "empty" else json.dumps(other).encode()))
    with pytest.raises(Refused, match=r"tokens\.json.*delete it") as refusal:
        KeyDirectory.open(tmp_path / "keys")
    assert first["d"] not in refusal.value.message


def test_a_file_of_token_keys_that_others_can_read_is_refused(keys: KeyDirectory, tmp_path: Path) -> None:
    keys.rotate_tokens(NOW)
    (tmp_path / "keys" / "tokens.json").chmod(0o640)
    with pytest.raises(Refused, match="chmod"):
        KeyDirectory.open(tmp_path / "keys")


def test_no_keys_are_the_same_on_disk_and_in_memory() -> None:
    assert TokenKeys.decode(TokenKeys().encode()).keys == ()
    with pytest.raises(ValueError, match="token keys"):
        TokenKeys.decode(b"{}")
