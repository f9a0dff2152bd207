"""The embedded store: SQLite below, hot state in memory, one writer, and the lock that keeps a second owner out."""

from remit.storage.batch import Encode
from remit.storage.clock import WallClock
from remit.storage.details import KeyWrap
from remit.storage.lock import Holder, Lock, holder
from remit.storage.log import Log, read_only
from remit.storage.store import Store

__all__ = ["Encode", "Holder", "KeyWrap", "Lock", "Log", "Store", "WallClock", "holder", "read_only"]
