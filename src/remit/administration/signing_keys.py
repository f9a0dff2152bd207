"""Remit's own keys: those that sign call tokens shown, published and rotated, and every one on record (I14).

A key is on disk before its entry is in the log. What a crash between them leaves is found at the next start, which
records keys that are not on record yet: also one that was lost and made anew, or that somebody put there.
"""

import json
from typing import Any, Protocol

from remit.administration.office import Act, Office
from remit.administration.record import Archive
from remit.keys import TokenKey, TokenKeys
from remit.terms import EntryDraft, Principal, TenantId, Write

TOKEN_KEYS = "token-keys"  # noqa: S105 the id under which rotations stand in the log
OWN_KEYS = "own-keys"  # the id under which keys stand that are made once
LEAD = 30_000  # milliseconds between a new key's publication and its first use; readers keep the JWK Set for half of it


class Keyring(Protocol):
    """The keys on disk; `keys.KeyDirectory` implements it."""

    @property
    def tokens(self) -> TokenKeys: ...

    def identities(self) -> dict[str, str]:
        """Which key each other use has, by what may be told of it."""
        ...

    def ensure_tokens(self, now: int) -> TokenKey | None: ...

    def rotate_tokens(self, now: int, *, lead: int = 0, at_once: bool = False) -> TokenKey: ...


class SigningKeys:
    def __init__(self, office: Office, keyring: Keyring, archive: Archive) -> None:
        self._office = office
        self._keyring = keyring
        self._archive = archive

    async def record_made(self, tenant: TenantId) -> None:
        """At start: there is a key for each use, and each is on record."""
        self._keyring.ensure_tokens(self._office.clock.now())
        known = self._on_record(tenant, OWN_KEYS)
        for use, key in self._keyring.identities().items():
            if key not in known:
                await self._record(tenant, "key.made", OWN_KEYS, {"key": key, "use": use})
        known = self._on_record(tenant, TOKEN_KEYS)
        for token_key in self._keyring.tokens.keys:
            if token_key.kid not in known:
                await self._record(tenant, "key.rotated", TOKEN_KEYS, rotation(token_key))

    def _on_record(self, tenant: TenantId, id: str) -> set[str]:
        return {json.loads(body)["facts"].get("key") for _, body in self._archive.entry_of(tenant, id)}

    async def _record(self, tenant: TenantId, kind: str, id: str, facts: dict[str, Any]) -> None:
        now = self._office.clock.now()
        entry = EntryDraft(tenant=tenant, kind=kind, id=id, time=now, actor="remit", facts=facts)
        await self._office.journal.commit(Write(entry=entry))

    def jwks(self) -> dict[str, Any]:
        """The JWK Set (RFC 7517 section 5). For anybody."""
        return self._keyring.tokens.jwks(self._office.clock.now())

    async def rotate_tokens(self, by: Principal, *, at_once: bool = False) -> TokenKey:
        """A new key for call tokens; tokens of the one before stay good while they live.

        `at_once` is for a key that others may know: tokens that older keys signed are void from now on.
        """
        self._office.require(by, Act.MANAGE_ACCESS)
        now = self._office.clock.now()
        made = self._keyring.rotate_tokens(now, lead=0 if at_once else LEAD, at_once=at_once)
        await self._office.record(by, "key.rotated", TOKEN_KEYS, rotation(made, at_once=at_once), now=now)
        return made


def rotation(key: TokenKey, *, at_once: bool = False) -> dict[str, Any]:
    """The facts of a new key."""
    return {"key": key.kid, "use": "call tokens", "signs_from": key.not_before, "at_once": at_once}
