"""The embedded store: SQLite below, hot state in memory, one writer, and the lock that keeps a second owner out."""

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
