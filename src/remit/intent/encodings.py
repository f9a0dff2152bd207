"""What percent, base64 and hex encoding hide in a text.

An instruction or a secret that is written in base64 is still one. Only words that are long enough to hide something
are looked at, and only what decodes to text that can be read counts. Limits: one layer; no compression, no ciphers.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from remit.intent.kept import kept

MIN_LONG = 18  # characters of a word that may hold a key
MIN_ENCODED = 24  # characters; shorter tokens hide nothing worth saying
MAX_ENCODED = 4096  # characters that are decoded at once
_RUN = re.compile(r"[^\s\"'<>(),:;\[\]{}]+")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{22,}={0,2}")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


def long_words(words: Iterable[str]) -> str:
    """The words that are long enough for a key or for something encoded; of most texts, none."""
    return " ".join([word for word in words if len(word) >= MIN_LONG])


def decoded(text: str, long: str | None = None) -> Iterator[str]:
    """What percent, base64 and hex encoding hide in a text; `long` are its long words, where they are known."""
    if "%" in text and _PERCENT.search(text):
        yield unquote(text, errors="replace")
    for run in _RUN.findall(long_words(text.split()) if long is None else long):
        for start in range(0, len(run), MAX_ENCODED) if len(run) >= MIN_ENCODED else ():
            token = run[start : start + MAX_ENCODED]
            if len(token) >= MIN_ENCODED and _ENCODED.fullmatch(token) and (plain := _decode(token)):
                yield plain


@kept(1024)
def _decode(token: str) -> str:
    attempts = []
    if len(token) % 2 == 0 and re.fullmatch(r"[0-9a-fA-F]+", token):
        attempts.append(bytes.fromhex(token))
    try:
        standard = token.rstrip("=").replace("-", "+").replace("_", "/")
        attempts.append(base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True))
    except (binascii.Error, ValueError):
        pass
    for raw in attempts:
        try:
            plain = raw.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if plain.isprintable() or plain.replace("\n", "").isprintable():
            return plain
    return ""
