"""The key of binding tokens: made once, private, sealed with the others, refused when it cannot be used."""

from pathlib import Path

import pytest

from remit.keys import KeyDirectory, PassphraseEncryption
from remit.keys.approvals import APPROVALS_FILE, approvals_key
from remit.terms import Refused


def test_it_is_made_once_and_is_the_same_afterwards_also_when_sealed(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    KeyDirectory.create(keys)
    made = approvals_key(keys)
    assert (keys / APPROVALS_FILE).stat().st_mode & 0o077 == 0
    assert approvals_key(keys).private_bytes_raw() == made.private_bytes_raw()
    sealing = PassphraseEncryption(b"a long passphrase", cost=4)
    KeyDirectory.reseal(keys, old=None, new=sealing)
    assert approvals_key(keys, sealing).private_bytes_raw() == made.private_bytes_raw()
    with pytest.raises(Refused, match="sealed"):
        approvals_key(keys)


def test_a_file_that_holds_no_such_key_or_that_others_may_read_is_refused(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    KeyDirectory.create(keys)
    approvals_key(keys)
    path = keys / APPROVALS_FILE
    path.chmod(0o644)
    with pytest.raises(Refused, match="can be used by others"):
        approvals_key(keys)
    path.chmod(0o600)
    path.write_text("nothing")
    with pytest.raises(Refused, match="Ed25519"):
        approvals_key(keys)
