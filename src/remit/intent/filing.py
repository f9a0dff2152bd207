"""By what name a system keeps the one thing that it answers with: a file's path, a document's title, a number.

Whoever asks for a file by its path has named it; where it is asked for by a number that a listing gave it, its own
record says what it is called. That is no word of the text itself: a letter that calls itself a checklist is a letter.
The text may be an outsider's: linear.
"""

import re
from collections.abc import Iterable
from itertools import islice

from remit.intent.kept import kept
from remit.intent.lexicon import ENGLISH
from remit.intent.lookups import IDLE

MAX_HEAD = 400  # characters of a record in which it says what it is called
MAX_NAME = 80
MAX_KEYS = 16  # of the arguments of a call
_CALLED = re.compile(
    r"(?:^|[\n{,])[ \t]{0,8}[\"']?(?:name|title|path|file_?name|file)[\"']?[ \t]?[:=][ \t]?[\"']?([^\"'\n,{}]{2,80})",
    re.IGNORECASE,
)
_MANY = re.compile(r"\A\s{0,8}(?:\[|- )|[\[{]\s{0,8}\{")
_TEXT = re.compile(r"[\"']?(?:content|body|text|description|comments?|notes?)[\"']?[ \t]?[:=]", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{3,30}")
_EXTENSIONS = frozenset(
    ("txt", "csv", "pdf", "doc", "docx", "html", "json", "yaml", "yml", "xlsx", "the", "and", "for")
)


def names(arguments: Iterable[str], text: str) -> frozenset[str]:
    """The words of the name under which a result's one item is kept, or none."""
    return _names(tuple(key for key in islice(arguments, MAX_KEYS) if len(key) <= MAX_NAME), text[:MAX_HEAD])


@kept(1024)
def _names(arguments: tuple[str, ...], head: str) -> frozenset[str]:
    said = list(arguments)
    if not _MANY.search(head):
        body = _TEXT.search(head)
        called = _CALLED.search(head, 0, body.start() if body else len(head))
        said += [called[1].lower()] if called else []
    return frozenset(word for one in said for word in _WORD.findall(one)) - IDLE - ENGLISH.stop - _EXTENSIONS
