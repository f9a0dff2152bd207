"""The client library: what an application needs to ask Remit. Imports nothing else of Remit."""

from remit.sdk.client import ApiError, Client, Unreachable

__all__ = ["ApiError", "Client", "Unreachable"]
