"""What a tool calls its act: the verb of its name, and the argument that says which of several acts is meant.

Classes say what an act does to the world; the verb says which act it is. A goal that asks to "extend the loan" and a
tool `extend_loan` mean the same whatever class both are read as. Where creating is all that the verb says, the thing
that is created names the act as well: `create_quote` quotes, `add_comment` comments.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from remit.catalogue import lexicon
from remit.catalogue.commands import command_classes
from remit.catalogue.described import told
from remit.catalogue.reading import verbs_of
from remit.catalogue.scripts import script_classes
from remit.catalogue.statements import statement_classes
from remit.catalogue.words import fragments, singular, split, word_set
from remit.terms import OperationClass

# Arguments whose value is what is done.
MODES = word_set("action op operation verb method command mode decision activity act")
_MEANS = word_set("amount amounts payment price invoice total")
_STATEMENTS = word_set("sql statement sql_query sqlquery")
_SCRIPTS = word_set("code script source source_code python python_code snippet program")
_LANGUAGES = word_set("shell bash sh zsh powershell javascript js node typescript ruby perl php sql r lua language")
_WORDS = re.compile(r"[a-z]+")
MAX_SAID = 2_000  # characters of what is said of a tool in which a language is looked for
_COMMANDS = word_set("command cmd shell_command bash_command command_line commandline")
_ACT = re.compile(r"[\w.:/-]+|[A-Za-z]+(?: [A-Za-z]+){1,3}")
_HTTP = {"get": "get", "head": "get", "options": "get", "put": "update", "patch": "update", "delete": "delete"}
# They say that something comes about, goes out or becomes another, not what is done: what they act on may say it.
_BRINGING = word_set(
    "create add make new submit place send post put perform do open start begin issue write log insert"
)
_SETTING = word_set("set update change edit modify enable disable")
_GENERIC = _BRINGING | word_set(
    "set update change edit modify upsert patch replace get list read search find remove delete"
)


def mode_of(schema: Mapping[str, Any]) -> str:
    """The argument of a tool that says what is done, or empty."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return ""
    for name, item in properties.items():
        if not isinstance(item, Mapping) or item.get("type", "string") != "string":
            continue
        if str(name).lower() in MODES and not _is_line(str(name), item) and not _is_means(str(name), properties):
            return str(name)
    return ""


def _is_means(name: str, properties: Mapping[str, Any]) -> bool:
    """Whether it says by which means something is paid: the method of a payment is no act."""
    return name.lower() in ("method", "mode") and any(_MEANS & {*split(str(other))} for other in properties)


def statement_of(schema: Mapping[str, Any]) -> str:
    """The argument of a tool that is a statement of a query language or a command line, or empty."""
    properties = schema.get("properties")
    items = properties.items() if isinstance(properties, Mapping) else ()
    return next(
        (str(name) for name, item in items if str(name).lower() in _STATEMENTS or _is_line(str(name), item)), ""
    )


def script_of(name: str, description: str, schema: Mapping[str, Any]) -> str:
    """The argument of a tool that runs things which is a piece of Python, or empty: in another language the same text
    may do anything, so the tool has to name this one and no other."""
    properties = schema.get("properties")
    for argument, item in properties.items() if isinstance(properties, Mapping) else ():
        if str(argument).lower() in _SCRIPTS:
            about = item.get("description") if isinstance(item, Mapping) else ""
            said = {*split(name), *split(str(argument)), *_WORDS.findall(f"{description} {about}".lower()[:MAX_SAID])}
            return str(argument) if "python" in said and said.isdisjoint(_LANGUAGES) else ""
    return ""


def said_by(argument: str, text: str) -> tuple[OperationClass, ...]:
    """The classes of the statement, script or command line that an argument of this name holds; () where it does not
    tell."""
    if argument.lower() in _SCRIPTS:
        return script_classes(text)
    return command_classes(text) if argument.lower() in _COMMANDS else statement_classes(text)


def _is_line(name: str, item: object) -> bool:
    """Whether an argument is a command line, and not the name of one of several acts."""
    return name.lower() in _COMMANDS and not (isinstance(item, Mapping) and "enum" in item)


def classes_of(value: str) -> tuple[OperationClass, ...]:
    """The classes of the act that a value names, `remove_member` or PUT; () when nobody knows."""
    if not _ACT.fullmatch(value):
        return ()  # "find . -delete": more than a name
    method = _HTTP.get(value.lower()) if value.isupper() else None
    return lexicon.verb_classes(method or next(iter(split(value)), ""))


@lru_cache(maxsize=4096)
def verbs_named(name: str) -> frozenset[str]:
    """All verbs of a tool's name, in their base form, whether they say what is done or not."""
    return frozenset(verb for verb, _ in verbs_of(name, ""))


@lru_cache(maxsize=4096)
def acts_of(name: str, description: str) -> frozenset[str]:
    """The verbs, in their base form, that say what a tool of this name does; none where they are general ones."""
    found: set[str] = set()
    for verb, noun in verbs_of(name, description):
        if verb not in _GENERIC:
            found.add(verb)
        elif noun and (verb in _BRINGING or (noun.endswith("ing") and verb in _SETTING)):
            found.add(lexicon.verb(noun) or noun)  # "set_forwarding" forwards
    if not found and not verbs_of(name, description):
        told = next((words[0] for words in fragments(description)[:1]), "")
        found = {lexicon.verb(told) or told} if told else set()
        words = [word for word in split(name) if word not in lexicon.NOISE]
        if words:
            found.add(singular(words[0]))
    return frozenset(found) | _described(name, description)


def _described(name: str, description: str) -> frozenset[str]:
    """What the description calls the act, where that does to the world what the name says: `modify_setup`, "Tune"."""
    does = {one for verb, _ in verbs_of(name, description) for one in lexicon.VERBS[verb]} - {OperationClass.READ}
    said = [one for one in told(description)[:1] if one.verb not in _GENERIC]
    return frozenset(one.verb for one in said if does & {*lexicon.VERBS[one.verb]})
