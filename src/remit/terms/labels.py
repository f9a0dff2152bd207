"""Where information came from and how far it may go: a lattice after Denning (CACM 19:5, 1976).

Integrity falls and confidentiality rises when information is joined. Only sinks compare labels.
"""

import enum

import msgspec


class Integrity(enum.IntEnum):
    """Who could have written it, most trusted last."""

    OUTSIDE = 0  # anybody: a web page, a mail, a file somebody shared
    INTERNAL = 1  # the organisation's own systems
    VOUCHED = 2  # a person through a channel that the agent cannot reach


class Confidentiality(enum.IntEnum):
    """Who may learn it, widest first."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    SECRET = 3


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A point of the lattice with the origins that led there (`server/tool` names, at most `MAX_ORIGINS`)."""

    integrity: Integrity = Integrity.VOUCHED
    confidentiality: Confidentiality = Confidentiality.PUBLIC
    origins: tuple[str, ...] = ()

    def join(self, other: "Label") -> "Label":
        """The least label that covers both."""
        return Label(
            integrity=min(self.integrity, other.integrity),
            confidentiality=max(self.confidentiality, other.confidentiality),
            origins=tuple(sorted({*self.origins, *other.origins}))[:MAX_ORIGINS],
        )


MAX_ORIGINS = 32  # names kept for the reader; the two levels carry the rule, so dropping names loses no safety
BOTTOM = Label()
