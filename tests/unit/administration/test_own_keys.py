"""Remit's own keys at a start: each is on record when it appears, and the passphrase is worked on once (I14)."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from remit.administration import OWN_KEYS, TOKEN_KEYS
from remit.keys import KeyDirectory, PassphraseEncryption
from remit.terms import DEFAULT_TENANT

Open = Callable[[], AbstractAsyncContextManager[Any]]


async def on_record(house: Any) -> list[dict[str, Any]]:
    entries = [json.loads(body) for _, body in house.remit.store.entry_of(DEFAULT_TENANT, OWN_KEYS)]
    assert {(entry["kind"], entry["actor"]) for entry in entries} == {("key.made", "remit")}
    return [entry["facts"] for entry in entries]


def test_the_making_of_every_key_is_an_entry_once_also_of_one_that_was_lost_and_made_anew(
    opened: Open, directory: Path
) -> None:
    async def story() -> None:
        async with opened() as house:
            made = await on_record(house)
            assert {one["use"]: one["key"] for one in made} == KeyDirectory.open(directory / "keys").identities()
            tokens = [json.loads(body) for _, body in house.remit.store.entry_of(DEFAULT_TENANT, TOKEN_KEYS)]
            assert len(tokens) == 1
        async with opened() as house:
            assert await on_record(house) == made, "a start without new keys records none"
        (directory / "keys" / "approvals.pem").unlink()
        async with opened() as house:
            again = await on_record(house)
            assert again[: len(made)] == made
            assert [one["use"] for one in again[len(made) :]] == ["binding tokens"]

    asyncio.run(story())


def test_a_sealed_start_derives_from_the_passphrase_once(
    opened: Open, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeyDirectory.reseal(directory / "keys", old=None, new=PassphraseEncryption(b"correct horse battery", cost=4))
    monkeypatch.setenv("REMIT_PASSPHRASE", "correct horse battery")
    derived = []

    def counted(**options: Any) -> Scrypt:
        derived.append(1)
        return Scrypt(**options)

    monkeypatch.setattr("remit.keys.encryption.Scrypt", counted)

    async def story() -> None:
        async with opened():
            pass

    asyncio.run(story())
    assert len(derived) == 1
