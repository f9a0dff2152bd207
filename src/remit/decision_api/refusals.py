"""Uses of call tokens that were refused, counted by the kind of reason.

A refused use changes nothing, and whoever holds a point's key can try as often as it likes: so it is counted, not
recorded one by one. The counts say what to look for: many `used` mean that tokens are replayed, many `invalid` that
somebody makes them up. They begin at zero with the process.
"""

from collections import Counter

# By words of the refusals, the first that fits: kind of reason, and what such a refusal says.
_SAID: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("proof", ("the proof", "a proof", "DPoP proof", "proofs arrive", "`jwk`")),
    ("used", (" already; each is for one use",)),
    ("expired", ("has expired",)),
    ("epoch", ("another epoch",)),
    ("audience", ("another audience", "does not guard")),
    (
        "invalid",
        (
            "signature",
            "JWS",
            "base64url",
            "claims of a call token",
            "the token's header",
            "expected a token",
            "another issuer",
            "in the future",
            "lives longer",
            "not for a call",
            "unknown here",
            "not the one on record",
            "not on record",
        ),
    ),
)
ENDED = "ended"  # what the permit rested on was revoked, stopped or changed since: the path says which


class TokenRefusals:
    """The counts of one process."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def count(self, why: str) -> None:
        self._counts[kind_of(why)] += 1

    @property
    def counts(self) -> dict[str, int]:
        return dict(sorted(self._counts.items()))


def kind_of(why: str) -> str:
    """The kind of a refusal that the token desk or the path put into words."""
    return next((kind for kind, said in _SAID if any(words in why for words in said)), ENDED)
