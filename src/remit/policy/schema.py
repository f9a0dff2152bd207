"""The Cedar schema: what policies may speak of.

One action per tool (`Action::"mail/send"`), a member of its operation classes (`Action::"class:communicate"`):

    tool-call ── class:read … class:administer      every class the tool may have
              ├─ read-only                          tools that do nothing but read
              ├─ reading                            those, and reads from a place that the caller chose (communicate)
              └─ high-risk                          tools with a class of `terms.HIGH_RISK`

Put permits on `read-only` or on single tools and forbids on classes: a tool that may do several things is a member of
each class, so a permit on `class:read` would cover a tool that reads or deletes. A tool that nobody registered is
`Action::"unknown"`: no typed arguments, and in every class but `class:read`.

Verdicts, states and levels are enumerated entity types, so that a typo in one does not validate. Every kind of finding
is always there; one that was not computed is `missing`, which no permit of the default pack accepts.
"""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from remit.policy.arguments import arguments_type
from remit.policy.types import Attribute, EntityOf, Record, Scalar, SetOf, Type, quote, render
from remit.terms import (
    HIGH_RISK,
    VERDICTS,
    AgentState,
    Confidentiality,
    FindingKind,
    Integrity,
    MissionState,
    Mode,
    OperationClass,
    Tool,
    ToolState,
    VoucherKind,
)

MISSING = "missing"
UNKNOWN = "unknown"
TOOL_CALL, READ_ONLY, READING, RISKY = "tool-call", "read-only", "reading", "high-risk"
FINDING_TYPES = {kind: "".join(part.capitalize() for part in kind.value.split("_")) for kind in FindingKind}

ENUMERATIONS: dict[str, tuple[str, ...]] = {
    **{FINDING_TYPES[kind]: (*verdicts, MISSING) for kind, verdicts in VERDICTS.items()},
    "AgentState": tuple(AgentState),
    "ToolState": tuple(ToolState),
    "MissionState": tuple(MissionState),
    "Voucher": tuple(VoucherKind),
    "Mode": tuple(Mode),
    "Integrity": tuple(level.name.lower() for level in Integrity),
    "Confidentiality": tuple(level.name.lower() for level in Confidentiality),
}


class EntityType(msgspec.Struct, frozen=True, kw_only=True):
    attributes: Record = Record(attributes={})
    ids: tuple[str, ...] | None = None


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """One action with all that a policy can see of a request for it."""

    action: str
    groups: frozenset[str]  # every action group above it
    principals: tuple[str, ...]
    resources: tuple[str, ...]
    context: Record
    tool: str | None = None  # of a tool's action
    server: str | None = None
    text: str = ""  # its declaration in Cedar's syntax; "" for what the operator declared

    @property
    def own(self) -> bool:
        """Whether the operator declared it."""
        return not self.text


def _record(**attributes: Type | tuple[Type]) -> Record:
    """A record type; a type in a tuple of one is optional."""
    return Record(
        attributes={
            name: Attribute(type=kind[0], required=False) if isinstance(kind, tuple) else Attribute(type=kind)
            for name, kind in attributes.items()
        }
    )


def _enum(name: str) -> EntityOf:
    return EntityOf(name=name, ids=ENUMERATIONS[name])


COMMON: dict[str, Record] = {
    "Mission": _record(
        id=Scalar.STRING,
        state=_enum("MissionState"),
        purpose=Scalar.STRING,
        purposes=SetOf(of=Scalar.STRING),
        subject=Scalar.STRING,
        voucher=_enum("Voucher"),
        depth=Scalar.LONG,
        derived=Scalar.BOOL,
        ask_above=(Scalar.DECIMAL,),
    ),
    "Approval": _record(groups=SetOf(of=Scalar.STRING)),
    "Instance": _record(integrity=_enum("Integrity"), confidentiality=_enum("Confidentiality")),
}
STANDARD = _record(
    findings=EntityOf(name="Findings"),
    mission=(COMMON["Mission"],),
    approval=(COMMON["Approval"],),
    instance=COMMON["Instance"],
    amount=(Scalar.DECIMAL,),
    dropped=SetOf(of=Scalar.STRING),
    mode=_enum("Mode"),
    time=Scalar.DATETIME,
)
ENTITIES: dict[str, EntityType] = {
    **{name: EntityType(ids=ids) for name, ids in ENUMERATIONS.items()},
    # An entity, though a record would read the same: combinations of verdicts recur, so that Cedar parses each once.
    "Findings": EntityType(attributes=_record(**{kind.value: _enum(name) for kind, name in FINDING_TYPES.items()})),
    "Agent": EntityType(
        attributes=_record(
            state=_enum("AgentState"), category=Scalar.STRING, owner=Scalar.STRING, registered=Scalar.BOOL
        )
    ),
    "AgentGroup": EntityType(),
    "Category": EntityType(),
    "Tool": EntityType(
        attributes=_record(
            name=Scalar.STRING,
            server=Scalar.STRING,
            state=_enum("ToolState"),
            registered=Scalar.BOOL,
            outside=Scalar.BOOL,
            sure=Scalar.BOOL,
        )
    ),
    "Server": EntityType(),
}


def groups_of(classes: Iterable[OperationClass]) -> tuple[str, ...]:
    """The action groups of a tool with these classes, nearest first."""
    known = tuple(classes)
    if not known:  # nobody said what it does: the most dangerous that it can be
        return _UNKNOWN_GROUPS
    names = [f"class:{name.value}" for name in known]
    if set(known) == {OperationClass.READ}:
        names.append(READ_ONLY)
    if OperationClass.READ in known and set(known) <= {OperationClass.READ, OperationClass.COMMUNICATE}:
        names.append(READING)
    if HIGH_RISK.intersection(known):
        names.append(RISKY)
    return (*names, TOOL_CALL)


_UNKNOWN_GROUPS = (
    *(f"class:{name.value}" for name in OperationClass if name is not OperationClass.READ),
    RISKY,
    TOOL_CALL,
)
ACTION_GROUPS = (TOOL_CALL, READ_ONLY, READING, RISKY, *(f"class:{name.value}" for name in OperationClass))


def environment_of(tool: Tool) -> Environment:
    """The environment of calls to `tool`."""
    return _environment(tool.id, groups_of(tool.classes), arguments_type(tool.input_schema), tool.id, tool.server)


def _environment(
    action: str, groups: tuple[str, ...], arguments: Record, tool: str | None, server: str | None
) -> Environment:
    context = Record(attributes={**STANDARD.attributes, "arguments": Attribute(type=arguments)})
    return Environment(
        action=action,
        groups=frozenset(groups),
        principals=("Agent",),
        resources=("Tool",),
        context=context,
        tool=tool,
        server=server,
        text=_declaration(action, groups, arguments),
    )


def _declaration(action: str, groups: tuple[str, ...], arguments: Record, *, relaxed: bool = False) -> str:
    parents = ", ".join(quote(name) for name in groups)
    members = ", ".join(
        f"{name}{'' if item.required else '?'}: {_named(name, item.type)}" for name, item in STANDARD.attributes.items()
    )
    context = f"{{{members}, arguments: {render(arguments, relaxed=relaxed)}}}"
    return (
        f"action {quote(action)} in [{parents}] appliesTo "
        f"{{ principal: [Agent], resource: [Tool], context: {context} }};"
    )


def _named(name: str, kind: Type) -> str:
    common = name.capitalize()
    return common if common in COMMON else render(kind)


UNKNOWN_ENVIRONMENT = _environment(UNKNOWN, _UNKNOWN_GROUPS, Record(attributes={}), None, None)


def _base_text() -> str:
    lines = [f"type {name} = {render(kind)};" for name, kind in COMMON.items()]
    for name, kind in ENTITIES.items():
        if kind.ids is not None:
            lines.append(f"entity {name} enum [{', '.join(quote(item) for item in kind.ids)}];")
        else:
            lines.append(f"entity {name}{_PARENTS.get(name, '')} = {render(kind.attributes)};")
    lines.append(f"action {quote(TOOL_CALL)};")
    lines += [f"action {quote(name)} in [{quote(TOOL_CALL)}];" for name in ACTION_GROUPS if name != TOOL_CALL]
    return "\n".join(lines) + "\n"


_PARENTS = {"Agent": " in [AgentGroup, Category]", "Tool": " in [Server]"}
BASE_TEXT = _base_text()


def schema_text(environments: Iterable[Environment], declared: str, bare: Iterable[str] = ()) -> str:
    """The whole schema. `bare` names actions that policies mention but that are not to be validated."""
    lines = [environment.text for environment in environments if environment.text]
    lines += [f"action {quote(name)};" for name in sorted(bare)]
    return "\n".join([BASE_TEXT, declared, *lines, ""])


def request_schema_text(tool: Tool, declared: str = "") -> str:
    """The schema that a request for `tool` conforms to: arguments may be absent, since calls may break their schema."""
    text = _declaration(tool.id, groups_of(tool.classes), arguments_type(tool.input_schema), relaxed=True)
    return "\n".join([BASE_TEXT, declared, text, ""])


def fingerprint(texts: Mapping[str, str], environments: Iterable[Environment], declared: str) -> str:
    """The version of a policy set: its texts and all that they were checked against."""
    hasher = hashlib.sha256()
    parts = [BASE_TEXT, declared, *(item for name in sorted(texts) for item in (name, texts[name]))]
    parts += sorted(environment.text for environment in environments)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(8, "big") + data)
    return hasher.hexdigest()
