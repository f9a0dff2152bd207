"""`htu` of a proof beside the URI of the request (RFC 9449 section 4.3: without query and fragment, after the syntax-
and scheme-based normalization of RFC 3986 sections 6.2.2 and 6.2.3).

Threat: two texts that a proxy takes for one place and we for two, or the other way round. Whatever has no single
reading (user names, backslashes, control characters, broken escapes) is refused rather than repaired.
"""

import functools
import re
from urllib.parse import urlsplit

MAX_URI = 2048
_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")  # RFC 3986 section 2: the characters of a URI
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\]")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def comparable(uri: str) -> str | None:
    """The one form of an http or https URI without query and fragment, or None for what is no such URI."""
    return _comparable(uri) if 0 < len(uri) <= MAX_URI else None


@functools.lru_cache(maxsize=1024)
def _comparable(uri: str) -> str | None:
    """Remembered: the same few resources are named again and again."""
    if _PLAIN.fullmatch(uri) is None:
        return None
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    scheme, authority = parts.scheme.lower(), parts.netloc
    host, separator, _ = authority.rpartition(":") if not authority.endswith("]") else (authority, "", "")
    host = (host if separator else authority).lower()
    if scheme not in _PORTS or _HOST.fullmatch(host) is None:
        return None
    path = _path(parts.path)
    if path is None:
        return None
    shown = "" if port is None or port == _PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{shown}{path}"


def _path(path: str) -> str | None:
    """RFC 3986 sections 6.2.2.1 to 6.2.2.3: escapes in upper case, none where none is needed, no dot segments."""
    broken = False

    def one(match: re.Match[str]) -> str:
        nonlocal broken
        if match[1] is None:
            broken = True
            return ""
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    text = _ESCAPE.sub(one, path)
    if broken:
        return None
    kept: list[str] = []
    segments = text.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
