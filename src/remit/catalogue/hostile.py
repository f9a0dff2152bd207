"""Definitions that attack whoever reads them: a description that speaks to the model, hidden text, a borrowed name.

What a server writes about its tools reaches the model's context, so it is an injection channel ("tool poisoning"). A
tool caught at it is quarantined with the reason; the text itself is never quoted. Patterns are linear and look at
bounded text. They know the ways such text is usually written; a politer lie passes, and policy must still hold.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from remit.catalogue.shape import texts
from remit.catalogue.words import split
from remit.terms import Tool, ToolId

# Invisible or reordering: tags (ASCII smuggling), zero width, bidi controls, variation selectors supplement.
_HIDDEN = re.compile(
    "[\U000e0000-\U000e01ef\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u180e\u115f\u1160\u3164]"
    "|(?<=[\x21-\x7e])[\u200c\u200d](?=[\x21-\x7e])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

# Each rule is a sequence of words that follow one another within `_GAP` characters. Sequences are matched from lists of
# positions, in linear time: one regular expression with gaps would be quadratic or worse on text made for it.
_GAP = 60
_RULES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("ignore|disregard|forget|override|bypass", "all|any|previous|prior|above|earlier|your|these|other|the|system",
         "instructions?|prompts?|rules?|polic(?:y|ies)|guidelines?|guardrails?|restrictions?"),
        "tells the reader to ignore instructions",
    ),
    (
        ("before", "using|calling|invoking|running|executing|use|call", "this|any|other|another", "tools?|functions?"),
        "gives orders for before its use",
    ),
    (
        ("do not|don't|never|must not|without",
         "tell|mention|mentioning|inform|informing|reveal|notify|notifying|disclose|telling|alert|alerting",
         "user|users|human|person|anyone|them|operator"),
        "asks to keep something from the user",
    ),
    (
        ("assistant|ai|llm|language model|the model|this model|the agent|ai agent",
         "must|shall|should always|needs? to|has to|is required|are required"),
        "gives orders to the assistant",
    ),
    (("you are", "now|assistant|language model|llm|ai"), "gives orders to the assistant"),
    (
        ("include|pass|send|append|provide|put|copy",
         "system prompt|hidden instructions?|conversation history|entire conversation|full conversation|chat history"),
        "asks for the model's context",
    ),
    (
        ("system prompt|conversation history|entire conversation|full conversation|chat history",
         "as|in|into|to|parameter|argument"),
        "asks for the model's context",
    ),
    (
        ("read|open|cat|send|pass|include|provide|access|upload|load|contents? of",
         r"~/\.\w+|\.?ssh/\w+|id_rsa|\.env|mcp\.json|\.aws|etc/passwd|private keys?|credentials file"),
        "asks for secrets",
    ),
    (("instead of|rather than", "other", "tools?|functions?|servers?"), "speaks about other tools"),
    (
        ("when|whenever|if|each time|every time|any time", "tools?|functions?|servers?", "always|must|instead",
         "call|use|send|add|bcc|cc|forward|replace|change|set|pass|include"),
        "gives orders about other tools",
    ),
)  # fmt: skip
_SEQUENCES = tuple(
    (tuple(re.compile(rf"(?<!\w)(?:{part})(?!\w)", re.IGNORECASE) for part in parts), reason)
    for parts, reason in _RULES
)
_MARKUP = re.compile(
    r"<\s?/?\s?(?:important|system|instructions?|secret|admin|assistant|hidden)\s?>|<\|[a-z_]{2,20}\|>|\[/?inst\]"
    r"|(?:^|\n)[ \t]{0,8}(?:system|assistant)[ \t]?:",
    re.IGNORECASE,
)


def _follows(text: str, parts: tuple[re.Pattern[str], ...]) -> bool:
    """Whether the parts stand in this order, each within `_GAP` characters of the one before."""
    ends = [match.end() for match in parts[0].finditer(text)]
    for part in parts[1:]:
        reached: list[int] = []
        at = 0
        for match in part.finditer(text):
            while at < len(ends) and ends[at] < match.start() - _GAP:
                at += 1
            if at < len(ends) and ends[at] <= match.start():
                reached.append(match.end())
        ends = reached
        if not ends:
            return False
    return bool(ends)


def poison(definition: Mapping[str, Any]) -> str:
    """Why this definition is not to be shown to a model, or ""."""
    for text in texts(definition):
        if _HIDDEN.search(text):
            return "its definition has invisible or reordering characters"
        if _CONTROL.search(text):
            return "its definition has control characters"
        if len(text) < 10:
            continue
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text).casefold().translate(_LOOKS)
        if _MARKUP.search(plain):
            return "its definition carries markup that imitates a prompt"
        plain = " ".join(plain.split())
        for parts, reason in _SEQUENCES:
            if _follows(plain, parts):
                return f"its definition {reason}"
    return ""


def bad_name(name: str) -> str:
    """What is wrong with a tool's name, or ""."""
    if not name:
        return "its name is empty"
    if len(name) > 128:
        return "its name has more than 128 characters"
    if not name.isascii():
        mixed = len({_script(char) for char in name if char.isalpha()}) > 1
        return "its name mixes scripts, so it can be taken for another" if mixed else "its name is not ASCII"
    if not _NAME.fullmatch(name):
        return "its name has characters other than letters, digits and . _ - / : @ + = { }"
    return ""


_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@/+=~{}-]*")


def _script(char: str) -> str:
    return unicodedata.name(char, "?").split(" ")[0]


# Letters of other scripts that are drawn like Latin ones (a selection of Unicode TR 39's confusables).
_LATIN = {
    "a": "аαɑ", "b": "ЬƄ", "c": "сϲⅽ", "d": "ԁⅾ", "e": "еҽε", "g": "ɡց", "h": "һհ", "i": "іιıⅰӏ", "j": "јϳ", "k": "кκ",
    "l": "ⅼ", "m": "мⅿ", "n": "пոη", "o": "оοօо", "p": "рρ", "q": "ԛզ", "r": "гᴦ", "s": "ѕ", "t": "тτ", "u": "υսц",
    "v": "νѵⅴ", "w": "ԝωա", "x": "хχⅹ", "y": "уγү", "z": "ᴢ",
}  # fmt: skip
_LOOKS = str.maketrans({other: latin for latin, others in _LATIN.items() for other in others})
_DIGITS = str.maketrans("01$@|", "olsal")


def skeleton(name: str) -> str:
    """What a name looks like (after Unicode TR 39): case, width, script, look-alike letters and separators folded."""
    plain = unicodedata.normalize("NFKD", name[:256]).casefold().translate(_LOOKS)
    plain = "".join(char for char in plain if not unicodedata.combining(char)).translate(_DIGITS)
    plain = plain.replace("rn", "m").replace("vv", "w").replace("i", "l")
    return "".join(char for char in plain if char.isalnum())


def imitates(tool: Tool, others: Iterable[Tool]) -> ToolId | None:
    """The registered tool that this one's name can be mistaken for.

    The same name on another server is no imitation: server ids tell them apart. Nor is the same name in another
    spelling style (`sendMail`, `send_mail`) there.
    """
    look = skeleton(tool.name)
    for other in others:
        if other.id == tool.id or other.name == tool.name or skeleton(other.name) != look:
            continue
        if other.server == tool.server or split(other.name) != split(tool.name):
            return other.id
    return None
