"""Whether arguments keep their tool's schema.

A closed function per schema answers "yes" in microseconds; only what it cannot vouch for goes through `jsonschema`,
which finds the words. Both read the resolved schema (`shape`), so nothing is fetched and no pattern is run. Messages
name the argument, never its value: arguments may hold secrets and hostile text.
"""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from remit.catalogue.quick import Check, checker
from remit.catalogue.shape import resolved
from remit.terms import InvalidInput, Tool, canonical

MAX_VALUES = 5_000  # members of arguments that are searched for faults; more is one fault
MAX_FAULTS = 8  # messages of one call

_KEEP = 4096  # compiled schemas held

_compiled: dict[str, tuple[Check | None, Any]] = {}


def fits(tool: Tool, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """What breaks the tool's schema, in a few words each; () when nothing does, or when the tool has no definition."""
    entry = _compiled.get(tool.definition_hash)
    if entry is None:
        if not tool.definition_hash:
            return ()
        entry = _compile(tool)
    quick, validator = entry
    if quick is not None and quick(arguments):
        return ()
    return _faults(validator, arguments)


def _compile(tool: Tool) -> tuple[Check | None, Any]:
    """Compile once per definition. A schema that cannot be read (a quarantined tool's) fits nothing."""
    if len(_compiled) >= _KEEP:
        _compiled.clear()  # definitions are few; whoever registers thousands pays for compiling again
    try:
        schema: Any = resolved(tool.input_schema, cut=True)
    except InvalidInput:
        schema = False
    entry = (checker(schema), _Validator(schema))
    _compiled[tool.definition_hash] = entry
    return entry


def _faults(validator: Any, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    if _size(arguments) > MAX_VALUES:
        return (f"expected arguments of at most {MAX_VALUES} values",)
    found: list[str] = []
    for error in validator.iter_errors(arguments):
        message = _message(error)
        if message not in found:
            found.append(message)
        if len(found) >= MAX_FAULTS:
            break
    return tuple(found)


def _message(error: Any) -> str:
    """One sentence that names the argument and the rule; only the schema's own words, never a value."""
    where = _path(error.absolute_path)
    rule, wanted = error.validator, error.validator_value
    match rule:
        case "required":
            missing = [name for name in wanted if isinstance(name, str) and name not in error.instance]
            return f"{where}: expected {_name(', '.join(missing))}, which is missing"
        case "additionalProperties" if wanted is False:
            known = error.schema.get("properties", {})
            extra = [name for name in error.instance if name not in known]
            return f"{where}: expected no argument named {_name(', '.join(extra[:4]))}"
        case "type":
            return f"{where}: expected {_name(wanted if isinstance(wanted, str) else ' or '.join(map(str, wanted)))}"
        case "enum":
            return f"{where}: expected one of {_name(', '.join(str(one) for one in wanted[:8]))}"
        case None:
            return f"{where}: expected no arguments; the tool's definition is not usable"
        case _ if isinstance(wanted, int | float | str) and not isinstance(wanted, bool):
            return f"{where}: expected {rule} {_name(str(wanted))}"
        case _:
            return f"{where}: expected what the schema's {rule} says"


def _path(parts: Any) -> str:
    path = ""
    for part in list(parts)[:12]:
        path += f"[{part}]" if isinstance(part, int) else f".{_name(part)}" if path else _name(part)
    return path or "arguments"


def _name(text: str) -> str:
    return ascii(text[:80])[1:-1]


def _size(value: Any) -> int:
    """Members of a value, counted no further than `MAX_VALUES`."""
    count, waiting = 0, [value]
    while waiting and count <= MAX_VALUES:
        item = waiting.pop()
        count += 1
        if isinstance(item, Mapping):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
    return count + len(waiting)


def _unique_items(_validator: Any, unique: Any, instance: Any, _schema: Any) -> Any:
    """`uniqueItems` in linear time; the library compares objects pairwise."""
    if unique and isinstance(instance, list) and len({canonical(item) for item in instance}) < len(instance):
        yield ValidationError("has equal items")


_Validator = extend(Draft202012Validator, {"uniqueItems": _unique_items})
