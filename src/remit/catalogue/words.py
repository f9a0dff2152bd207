"""Names and descriptions as words.

Tool names come as `snake_case`, `camelCase`, `kebab-case`, `dotted.names` and mixtures; a description speaks in
sentences of which the first verb says most. Everything here is linear in the text and bounded: the text is hostile.
"""

import re
from functools import lru_cache

MAX_WORDS = 32  # of a name; longer names say nothing more
MAX_TEXT = 4_000  # characters of a description that are read for its verb

_PIECES = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_FRAGMENTS = re.compile(r"[.:;!?\n(]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]{0,40}")
_SECTION = re.compile(  # where a docstring turns from what is done to its arguments
    r"\n\s{0,8}(?:(?:args|arguments|parameters|params|returns?|raises|yields|examples?)\s{0,2}(?::|\n\s{0,8}-{3})"
    r"|[:@](?:param|parameter|type|arg|returns?|raises)\b)",
    re.IGNORECASE,
)


def word_set(text: str) -> frozenset[str]:
    """The words of a text: how this package writes its lexical tables."""
    return frozenset(text.split())


# Words before the verb in "This tool allows you to send …", "Use this endpoint for sending …".
_LEAD = word_set(
    """a an the this that it tool tools function method endpoint api action command operation can could may will
    would be is are used use uses using useful to for allow allows allowing let lets enable you user users one
    agent agents which who help helps please simply just also then first and or optionally returns-and"""
)


@lru_cache(maxsize=4096)
def split(name: str) -> tuple[str, ...]:
    """The words of an identifier, lower-case: `createIssue_v2` → create, issue, v, 2."""
    return tuple(piece.lower() for piece in _PIECES.findall(name[:200])[:MAX_WORDS])


def fragments(description: str) -> list[list[str]]:
    """The clauses of a description as lower-case words, without what stands before the verb."""
    return [words for _, words in led(description)]


def led(description: str) -> list[tuple[str, list[str]]]:
    """The same, each with the last word that stood before its verb, or ""."""
    clauses = []
    for text in _FRAGMENTS.split(_SECTION.split(description[:MAX_TEXT], 1)[0])[:40]:
        words = [word.lower() for word in _WORD.findall(text)[:40]]
        start = 0
        while start < len(words) and (words[start] in _LEAD or words[start].endswith("ly")):
            start += 1
        if words[start:]:
            clauses.append((words[start - 1] if start else "", words[start:]))
    return clauses


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """A noun without its plural ending; good enough to look it up."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


# Participles that no ending tells.
_IRREGULAR = dict(
    pair.split(":")
    for pair in [
        "sent:send",
        "bought:buy",
        "sold:sell",
        "paid:pay",
        "given:give",
        "written:write",
        "rewritten:rewrite",
        "made:make",
        "told:tell",
        "put:put",
        "set:set",
        "reset:reset",
        "run:run",
        "rerun:run",
        "drawn:draw",
        "withdrawn:withdraw",
        "taken:take",
        "shown:show",
        "kept:keep",
        "built:build",
        "rebuilt:build",
        "lent:lend",
        "done:do",
        "hidden:hide",
        "broken:break",
        "chosen:choose",
        "brought:bring",
        "held:hold",
        "left:leave",
        "read:read",
        "overwritten:overwrite",
        "undone:undo",
        "shut:shut",
        "found:find",
        "spoken:speak",
        "known:know",
        "forgotten:forget",
        "gone:go",
        "begun:begin",
        "rung:ring",
        "shot:shoot",
        "stolen:steal",
        "thrown:throw",
        "torn:tear",
        "worn:wear",
        "mailed:mail",
        "emailed:email",
    ]
)


@lru_cache(maxsize=8192)
def stems(word: str) -> tuple[str, ...]:
    """The base forms that an inflected verb may have, most likely first: `sending` → send, sende."""
    found = [word]
    if word in _IRREGULAR:
        found.append(_IRREGULAR[word])
    if word.endswith("ies") and len(word) > 4:
        found.append(word[:-3] + "y")
    if word.endswith("es") and len(word) > 3:
        found.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        found.append(word[:-1])
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) > 2:
            found += [root, root + "e"]
            if root[-1] == root[-2]:
                found.append(root[:-1])
            if ending == "ed" and root.endswith("i"):
                found.append(root[:-1] + "y")
    return tuple(found)
