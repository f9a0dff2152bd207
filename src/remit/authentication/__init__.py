"""Authentication: who is calling. The only room that makes principals."""

from remit.authentication.keys import EMBEDDED, LOCAL, Authenticator, Directory, new_key, parse_authorization, renewed

__all__ = ["EMBEDDED", "LOCAL", "Authenticator", "Directory", "new_key", "parse_authorization", "renewed"]
