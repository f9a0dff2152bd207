"""Tables that tools write as text: which column a value stands in, and whether it is all that its cell says.

Two forms: cells between bars, as Markdown has them, and columns kept apart by wide gaps or tabs. Either is a table only
where a rule of dashes stands below its head; without one, anybody's running text could look like a row. Linear: a line
is cut into cells when a value on it is asked about.
"""

import re
from collections.abc import Iterator

MAX_TABLE = 20_000  # characters between a row and the head of its table
_RULE = re.compile(r"^[ \t]*[|+]?[ \t]*:?-{2,}[-|+: \t]*$", re.MULTILINE)
_WIDE = re.compile(r"\S+(?: \S+)*")
_MARKUP = " \t*_`#[]"
_Cell = tuple[int, int]  # where it begins and ends in the text


def is_table(text: str) -> bool:
    """Whether a rule of dashes stands in it."""
    return "--" in text and _RULE.search(text) is not None


def column(text: str, start: int, end: int) -> str:
    """The head of the column of which the value between these places is a whole cell, in lower case; else ""."""
    line = text.rfind("\n", 0, start) + 1
    least = max(0, line - MAX_TABLE)
    begins = max(text.rfind("\n\n", least, line), least)
    rule = _last(text, begins, line)
    if rule is None:
        return ""
    head = text.rfind("\n", 0, max(0, rule - 1)) + 1
    if head >= rule or _RULE.match(text, head):
        return ""
    row = list(_cells(text, line))
    at = next((number for number, cell in enumerate(row) if cell[0] <= start and end <= cell[1]), None)
    if at is None or text[slice(*row[at])].strip(_MARKUP) != text[start:end].strip(_MARKUP):
        return ""
    heads = list(_cells(text, head))
    if "|" in text[line : row[at][0] + 1]:
        named = heads[at] if at < len(heads) else None
    else:
        left, right = row[at][0] - line, row[at][1] - line  # above it, wherever cells before it are empty
        named = next((cell for cell in heads if cell[0] - head < right and left < cell[1] - head), None)
    return text[slice(*named)].strip(_MARKUP).lower() if named is not None else ""


def _last(text: str, begins: int, ends: int) -> int | None:
    """Where the last rule of dashes before a line begins."""
    found = None
    for match in _RULE.finditer(text, begins, ends):
        found = match.start()
    return found


def _cells(text: str, line: int) -> Iterator[_Cell]:
    end = text.find("\n", line)
    end = len(text) if end < 0 else end
    if "|" not in text[line:end]:
        yield from (match.span() for match in _WIDE.finditer(text, line, end))
        return
    start = line
    for at in (*(match.start() for match in re.finditer(r"\|", text[line:end])), end - line):
        yield start, line + at
        start = line + at + 1
