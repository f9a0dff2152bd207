"""The clock of the path (I14): never before the last entry, whatever the machine's clock does.

When the machine's clock is set back, time stands still until it has caught up; it is not corrected. Who can set the
machine's clock forward can expire missions early; they cannot make anything live longer.
"""

import time
from typing import Protocol


class Newest(Protocol):
    @property
    def newest(self) -> int: ...


class WallClock:
    """Milliseconds since the epoch; implements `mediation.ports.Clock`."""

    def __init__(self, store: Newest) -> None:
        self._store = store
        self._last = 0

    def now(self) -> int:
        self._last = max(time.time_ns() // 1_000_000, self._last, self._store.newest)
        return self._last
