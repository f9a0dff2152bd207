"""Step 3: from a request to a call: strict values, the registered tool, canonical bytes, digest.

What is forwarded is the canonical bytes that were hashed. An unknown tool is the most dangerous thing that its name and
arguments can mean.
"""

import hashlib
from functools import lru_cache

import msgspec

from remit.catalogue import unknown_tool
from remit.mediation.find import Actors
from remit.mediation.ports import State
from remit.terms import (
    Call,
    CallId,
    Finding,
    FindingKind,
    InvalidInput,
    OperationClass,
    Request,
    ServerId,
    Spent,
    TenantId,
    Tool,
    ToolId,
    canonical,
    is_identifier,
)

MAX_ARGUMENTS = 256_000  # bytes of canonical arguments; larger content belongs in a store, referred to by name


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """A call and the tool it is for."""

    call: Call
    tool: Tool
    id: ToolId
    registered: bool


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the digest covers beside the arguments. Fields stand in JCS order: they are written as they are declared."""

    call_id: str
    definition: str
    instance: str
    mission: str | None
    server: str
    tenant: str
    tool: str


_encode_head = msgspec.json.Encoder().encode


@lru_cache(maxsize=4096)
def _parts(resource_id: str) -> tuple[ToolId, ServerId, str]:
    server, slash, tool = resource_id.partition("/")
    if not slash or not is_identifier(server) or not tool or len(tool) > 256 or not tool.isprintable():
        raise InvalidInput("expected `resource.id` of a tool to be `<server>/<tool>`")
    return ToolId(resource_id), ServerId(server), tool


def describe(state: State, tenant: TenantId, request: Request, actors: Actors, call_id: str) -> Described:
    """The call that `request` asks for. Raises `InvalidInput` for arguments without one canonical form, and unless
    `resource.id` is `<server>/<tool>`."""
    id, server, name = _parts(request.resource_id)
    if request.action != name:
        raise InvalidInput("expected `action.name` to be the tool's name, the part of `resource.id` after the slash")
    arguments = dict(request.arguments or {})
    body = canonical(arguments)
    if len(body) > MAX_ARGUMENTS:
        raise InvalidInput(f"expected arguments of at most {MAX_ARGUMENTS} bytes, got {len(body)}")
    tool = state.tool(tenant, id)
    registered = tool is not None
    if tool is None:
        tool = unknown_tool(tenant, server, name, arguments)
    mission = actors.mission.id if actors.mission is not None else None
    definition, instance = tool.definition_hash, actors.instance.id
    head = _Head(
        call_id=call_id,
        definition=definition,
        instance=instance,
        mission=mission,
        server=server,
        tenant=tenant,
        tool=name,
    )
    # The JCS form of all fields with `arguments` first in key order: the members of the head sort behind it.
    joined = b'{"arguments":%b,%b' % (body, _encode_head(head)[1:])
    call = Call(
        tenant=tenant,
        mission=mission,
        agent=actors.agent.id,
        instance=instance,
        server=server,
        tool=name,
        definition_hash=definition,
        arguments=arguments,
        canonical=body,
        call_id=CallId(call_id),
        digest=hashlib.sha256(joined).hexdigest(),
    )
    return Described(call=call, tool=tool, id=id, registered=registered)


def wanted(described: Described) -> Spent:
    """What the call would spend: one call; of a transfer, the largest of its amounts; of what may read, at least one
    record, until its outcome says how many. An amount that is negative, or no number, counts as infinite: it must not
    earn budget back, nor slip below a ceiling."""
    classes = described.tool.classes
    records = 1 if OperationClass.READ in classes else 0
    if OperationClass.TRANSFER not in classes:
        return _READ if records else _CALL
    amount = 0.0
    for path in described.tool.amounts:
        value = value_at(described.call.arguments, path)
        amount = max(amount, _money(value)) if value is not None else amount
    return Spent(calls=1, amount=amount, records=records)


_CALL, _READ = Spent(calls=1), Spent(calls=1, records=1)


def value_at(arguments: object, path: str) -> object | None:
    """The argument at a dotted path; of arrays (`items[].price`) the sum of numbers, else the first."""
    current = [arguments]
    for part in path.split("."):
        name, many = part.removesuffix("[]"), part.endswith("[]")
        current = [item[name] for item in current if isinstance(item, dict) and item.get(name) is not None]
        if many:
            current = [entry for item in current if isinstance(item, list) for entry in item]
    if len(current) > 1 and all(isinstance(item, int | float) and not isinstance(item, bool) for item in current):
        return sum(current)  # type: ignore[arg-type]  # all are numbers, by the line above
    return current[0] if current else None


def _money(value: object) -> float:
    if isinstance(value, bool):
        return float("inf")
    if isinstance(value, int | float):
        return float(value) if value >= 0 else float("inf")
    if isinstance(value, str):
        try:
            return _money(float(value.strip().lstrip("$€£¥").replace(",", "").replace("_", "")))
        except ValueError:
            return float("inf")
    return float("inf")


def schema_finding(described: Described, violations: tuple[str, ...]) -> Finding:
    """Whether the arguments fit the schema that the tool itself declares."""
    if not described.registered:
        return _UNREGISTERED
    if violations:
        return Finding(kind=FindingKind.SCHEMA, verdict="breaks", message="; ".join(violations[:3]))
    return _FITS


_UNREGISTERED = Finding(kind=FindingKind.SCHEMA, verdict="unregistered", message="nobody registered this tool")
_FITS = Finding(kind=FindingKind.SCHEMA, verdict="fits")
