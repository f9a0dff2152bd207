"""What a statement of SQL does, told by its words: enough to know a query from a change.

Not a parser: comments and quoted text are left out, and a statement reads only when its first word does and no other
word of it could change something. A column that is called `update` makes it no read, which is the safe way to be wrong.
Dialects disagree about where a comment or a quoted text ends; where they could, nothing is told.
Limits: a function that changes something, called from a `select`, is not seen; dialects may have further words.
"""

import re

from remit.catalogue.words import word_set
from remit.terms import OperationClass

_C = OperationClass
MAX_STATEMENT = 20_000  # characters; a longer one is not told
# Escapes, `$tag$` quotes, `#` comments, comments that are run (`/*!`), `--` that is two minus signs, `[names]` with a
# quote in them: read differently from one system to the next.
_DISPUTED = re.compile(r"[\\#]|\$\w{0,64}\$|/\*!|--(?=[^\s-])|\[[^\]\"'`]{0,64}[\"'`]")
_LEFT_OUT = re.compile(  # what is not closed goes on to the end, so that each is looked at once
    r"--[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|'[^']*(?:'|\Z)|\"[^\"]*(?:\"|\Z)|`[^`]*(?:`|\Z)"
)
_WORD = re.compile(r"[a-z_]\w*|;")
_ASKING = word_set("select with show describe desc explain values table")
_CHANGING = {
    **dict.fromkeys(("insert", "create"), _C.CREATE),
    **dict.fromkeys(("update", "alter", "merge", "upsert", "rename", "set"), _C.UPDATE),
    **dict.fromkeys(("delete", "drop", "truncate"), _C.DELETE),
    **dict.fromkeys(("grant", "revoke"), _C.ADMINISTER),
    **dict.fromkeys(("copy", "outfile", "dumpfile", "unload", "export"), _C.COMMUNICATE),
}
_RUNNING = word_set(
    """call do exec execute into load attach detach vacuum begin commit use lock kill install import pragma prepare
    refresh analyze reindex cluster listen notify put get remove"""
)


def statement_classes(text: str) -> tuple[OperationClass, ...]:
    """The classes of a statement; () where its words do not tell."""
    if len(text) > MAX_STATEMENT or _DISPUTED.search(text):
        return ()
    said = _WORD.findall(_LEFT_OUT.sub(" ", text.lower()))
    if ";" in said[:-1] or not said:
        return ()
    words = set(said)
    changing = {_CHANGING[word] for word in words if word in _CHANGING}
    if said[0] in _ASKING and not changing and words.isdisjoint(_RUNNING):
        return (_C.READ,)
    if said[0] in _CHANGING and words.isdisjoint(_RUNNING - {"into"}):
        return tuple(sorted(changing))
    return ()
