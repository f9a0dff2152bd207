"""The base of all values."""

import msgspec


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen, compared by content, unknown fields ignored when read from the store."""
