"""A definition that changed, and a reading that a person corrected.

A tool that was approved and then redefined is the "rug pull": `compare` says what changed, and whoever registers it
decides (by default: quarantine). A correction is a person's word; it is recorded by whoever calls this.
"""

from collections.abc import Sequence

import msgspec

from remit.catalogue.arguments import leaves
from remit.catalogue.shape import resolved
from remit.terms import InvalidInput, OperationClass, Tool, ToolId


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How a tool's new definition differs from the one that was registered."""

    tool: ToolId
    fields: tuple[str, ...]  # of description, input_schema, annotations
    added: tuple[str, ...] = ()  # arguments, dotted
    removed: tuple[str, ...] = ()
    widened: tuple[OperationClass, ...] = ()  # classes that the new reading has and the old one had not
    message: str = ""  # one line for people; quotes nothing


def compare(old: Tool, new: Tool) -> Change | None:
    """What changed between two definitions of one tool; None when nothing did."""
    if old.definition_hash == new.definition_hash:
        return None
    fields = tuple(
        field
        for field in ("name", "description", "input_schema", "annotations")
        if getattr(old, field) != getattr(new, field)
    )
    before, after = _paths(old), _paths(new)
    widened = tuple(one for one in new.classes if one not in old.classes)
    parts = [f"changed: {', '.join(fields) or 'what could not be kept'}"]
    if after - before:
        parts.append(f"{len(after - before)} new arguments")
    if widened:
        parts.append(f"now also {', '.join(widened)}")
    return Change(
        tool=new.id,
        fields=fields,
        added=tuple(sorted(after - before)),
        removed=tuple(sorted(before - after)),
        widened=widened,
        message="; ".join(parts),
    )


def correct(
    tool: Tool,
    *,
    classes: Sequence[OperationClass] | None = None,
    targets: Sequence[str] | None = None,
    sinks: Sequence[str] | None = None,
    content: Sequence[str] | None = None,
    amounts: Sequence[str] | None = None,
    outside: bool | None = None,
    because: str,
) -> Tool:
    """The tool as a person reads it. What is None stays as it was. Raises `InvalidInput` on paths it does not have."""
    if not because.strip():
        raise InvalidInput("expected a reason for the correction in `because`")
    if classes is not None and not classes:
        raise InvalidInput("expected at least one operation class")
    known = _paths(tool)
    changed: dict[str, object] = {}
    for field, paths in (("targets", targets), ("sinks", sinks), ("content", content), ("amounts", amounts)):
        if paths is None:
            continue
        strange = [path for path in paths if path not in known]
        if strange and known:
            raise InvalidInput(f"{field}: expected arguments of {tool.name!a}, got {strange[0][:80]!a}")
        changed[field] = tuple(paths)
    if classes is not None:
        try:
            wanted = {OperationClass(one) for one in classes}
        except ValueError:
            raise InvalidInput(f"expected classes of {', '.join(OperationClass)}") from None
        changed["classes"] = tuple(one for one in OperationClass if one in wanted)
    if outside is not None:
        changed["outside"] = outside
    return msgspec.structs.replace(tool, **changed, sure=True, because=because[:300])


def _paths(tool: Tool) -> set[str]:
    try:
        return {leaf.path for leaf in leaves(resolved(tool.input_schema, cut=True))}
    except InvalidInput:
        return set()
