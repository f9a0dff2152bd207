"""Foreign text, made safe and honest to show in a page (I12).

Goals, arguments, results and quotes were written by people, agents, tools and attackers. Here they become text and
nothing else: markup is escaped; what cannot be seen (control characters, bidirectional overrides, blanks that look like
nothing, lone surrogates) is shown by its number; marks that would pile up over the lines above are shown as numbers
too; and what is huge is cut, with the length that is missing. Limits: letters that merely look alike stay as they are.
"""

import re
import unicodedata

from markupsafe import Markup, escape

LIMIT = 600  # characters of one text
_STACKED = 3  # combining marks in a row that honest scripts need
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters by their category, but nothing to see
# Printable ASCII and the line breaks and tabs of ordinary text: most texts are nothing else, and need one look.
_PLAIN = re.compile(r"[\n\t\x20-\x7e]*")
# No quotes: inside an attribute, where it does not belong, it would still end nothing.
_SHOWN = Markup("<i class=u>{}</i>")


def visible(text: str, limit: int = LIMIT) -> Markup:
    """`text` as markup that shows every character of it, and is nothing but text."""
    kept = text[:limit].replace("\r\n", "\n")
    whole = escape(kept) if _PLAIN.fullmatch(kept) else _marked(kept)
    if len(text) <= limit:
        return whole
    return whole + Markup("<i class=cut> … {} more</i>").format(f"{len(text) - limit:,}")


def _marked(text: str) -> Markup:
    parts: list[str] = []
    stacked = 0
    for character in text:
        stacked = stacked + 1 if unicodedata.combining(character) else 0
        seen = character in "\n\t" or (character.isprintable() and character not in _BLANK and stacked <= _STACKED)
        parts.append(escape(character) if seen else _SHOWN.format(f"U+{ord(character):04X}"))
    return Markup("").join(parts)
