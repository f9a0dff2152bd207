"""The keys that sign call tokens: shown, published and rotated. Each change is an entry (I14).

A rotation writes the key file first and the entry second. What a crash between them leaves is found at the next start,
which records keys that are not on record yet.
"""

from typing import Any, Protocol

from remit.administration.office import Act, Office
from remit.keys import TokenKey, TokenKeys
from remit.terms import Principal

TOKEN_KEYS = "token-keys"  # noqa: S105 the id under which rotations stand in the log
LEAD = 30_000  # milliseconds between a new key's publication and its first use; readers keep the JWK Set for half of it


class Keyring(Protocol):
    """The token keys on disk; `keys.KeyDirectory` implements it."""

    @property
    def tokens(self) -> TokenKeys: ...

    def rotate_tokens(self, now: int, *, lead: int = 0, at_once: bool = False) -> TokenKey: ...


class SigningKeys:
    def __init__(self, office: Office, keyring: Keyring) -> None:
        self._office = office
        self._keyring = keyring

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
