"""Signing and wrapping keys, each with one use. Imports only `terms`."""

from remit.keys.directory import KeyDirectory
from remit.keys.random import new_data_key, new_salt

__all__ = ["KeyDirectory", "new_data_key", "new_salt"]
