"""The embedded store: SQLite below, hot state in memory, one writer, and the lock that keeps a second owner out.

Names are imported at their first use: asking who holds a directory must not load a database.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remit.storage.backup import Manifest, back_up
    from remit.storage.batch import Encode
    from remit.storage.clock import WallClock
    from remit.storage.details import KeyWrap
    from remit.storage.lock import Holder, Lock, holder
    from remit.storage.log import Log, read_only
    from remit.storage.restore import Restored, accept, check, unpacked
    from remit.storage.store import Store

__all__ = [
    "Encode",
    "Holder",
    "KeyWrap",
    "Lock",
    "Log",
    "Manifest",
    "Restored",
    "Store",
    "WallClock",
    "accept",
    "back_up",
    "check",
    "holder",
    "read_only",
    "unpacked",
]

_MODULES = {
    "backup": ("Manifest", "back_up"),
    "batch": ("Encode",),
    "clock": ("WallClock",),
    "details": ("KeyWrap",),
    "lock": ("Holder", "Lock", "holder"),
    "log": ("Log", "read_only"),
    "restore": ("Restored", "accept", "check", "unpacked"),
    "store": ("Store",),
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
