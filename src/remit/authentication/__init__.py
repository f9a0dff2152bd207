"""Authentication: who is calling. The only room that makes principals."""

from remit.authentication.keys import Authenticator, Directory, new_key, parse_authorization

__all__ = ["Authenticator", "Directory", "new_key", "parse_authorization"]
