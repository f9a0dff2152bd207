"""The credential that an upstream asks for: read from a file, put on requests, and never seen again (I7).

The file holds the whole value of the `Authorization` header ("Bearer …"); a bare token is sent as a bearer token. An
upstream may echo what it was sent, in a result or an error, so whatever comes back is cleaned of it first.
"""

from pathlib import Path
from typing import Any

from remit.terms import Refused

WITHHELD = "[credential withheld]"
_SHORTEST = 8  # a shorter secret would be found in honest text; it is not a secret worth the name


class Secret:
    """One upstream's credential."""

    def __init__(self, header: str | None) -> None:
        self._header = header
        parts = {header, header.partition(" ")[2]} if header else set()
        self._parts = tuple(sorted((part for part in parts if part and len(part) >= _SHORTEST), key=len, reverse=True))

    def __repr__(self) -> str:
        return "Secret(…)"

    @classmethod
    def read(cls, file: str | None) -> "Secret":
        """The credential in `file`. Raises `Refused` when there is none that can be sent."""
        if file is None:
            return cls(None)
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"expected a readable `credential_file` at {file}: {type(error).__name__}") from None
        if not text or not text.isascii() or not text.isprintable():
            raise Refused(f"expected one printable line in {file}: the value of an Authorization header")
        return cls(text if " " in text else f"Bearer {text}")

    @property
    def header(self) -> str | None:
        """For the request to the upstream and nothing else."""
        return self._header

    def clean(self, value: Any) -> Any:
        """`value`, a JSON value, without the credential in any of its strings."""
        if not self._parts:
            return value
        if isinstance(value, str):
            for part in self._parts:
                if part in value:
                    value = value.replace(part, WITHHELD)
            return value
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        if isinstance(value, dict):
            return {self.clean(name): self.clean(item) for name, item in value.items()}
        return value
