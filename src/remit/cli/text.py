"""Foreign text, made safe to show (I12).

Names, goals, arguments and quotes were written by agents and tools. On a terminal they could move the cursor, rewrite
what stands above, hide behind bidirectional overrides, or pose as our own markup. So everything foreign passes `plain`,
and tables take `cell`s, which Rich never reads as markup. Limits: letters that merely look alike stay as they are.
"""

import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text

LIMIT = 300  # characters of one value; the whole of it is in `--json`
_STACKED = 3  # combining marks in a row that honest scripts need; more paint over the lines above
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by their category, but nothing to see


def plain(value: object, limit: int = LIMIT) -> str:
    """`value` on one line: every character is visible, what was not is escaped, and what is too long is cut."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    over = len(text) > limit
    shown: list[str] = []
    stacked = 0
    for character in text[:limit]:
        stacked = stacked + 1 if unicodedata.combining(character) else 0
        visible = character.isprintable() and character not in _BLANK and stacked <= _STACKED
        shown.append(character if visible else _escaped(character))
    return "".join(shown) + ("…" if over else "")


def cell(value: object, style: str = "", limit: int = LIMIT) -> "Text":
    """`plain` for Rich: never markup, never an emoji code."""
    from rich.text import Text  # here, so that what shows no table does not load it

    return Text(plain(value, limit), style=style)


def lines(text: str, limit: int) -> str:
    """`plain` for text of several lines, of at most `limit` characters each."""
    return "\n".join(plain(line, limit) for line in text.split("\n"))


def listed(values: Any, empty: str = "-") -> str:
    """A list of foreign names in one line."""
    return ", ".join(plain(value, 80) for value in values or ()) or empty


def _escaped(character: str) -> str:
    if character == "\n":
        return "\\n"
    if character == "\t":
        return "\\t"
    return f"\\u{{{ord(character):x}}}"
