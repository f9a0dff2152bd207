"""Step 11: the outcome settles the reservation, refines labels, and is taken in for grounding.

The result is indexed before this returns, on the thread that decides, so the instance's next decision has it. A failed
call gives its money and records back but not its attempt; an unknown outcome keeps everything spent, for it may have
happened. A result that comes after its mission was erased is nowhere kept, in the instance's memory neither: the
instance has then seen something that is unknown, under the label that the result had (I13).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from remit.intent import Memory
from remit.mediation.budget import count_records, settlement
from remit.mediation.drafts import CallDetail, commitment, result_detail, shelf
from remit.mediation.ports import Entropy, State
from remit.terms import (
    Conflict,
    Detail,
    DetailKind,
    EntryDraft,
    Forbidden,
    InstanceId,
    Kind,
    MissionId,
    NotFound,
    Outcome,
    OutcomeStatus,
    PointPrincipal,
    Principal,
    Put,
    Settings,
    Spent,
    ToolId,
    Write,
    actor_of,
)
from remit.terms.entries import Reservation
from remit.tokens import close


def complete(
    state: State,
    entropy: Entropy,
    settings: Settings,
    principal: Principal,
    outcome: Outcome,
    arguments: Mapping[str, Any] | None,
    now: int,
) -> Write:
    """The write of one outcome; the result is taken into the instance's memory on the way.

    `arguments` are those of the call where the path still has them; else they are read from the erasable store.
    """
    if not isinstance(principal, PointPrincipal):
        raise Forbidden("outcomes are attested by enforcement points only")
    held = state.reservation(principal.tenant, outcome.decision)
    if held is None:
        raise NotFound("expected `decision` to be the id of a permitted call")
    if not principal.guards(held.server):
        raise Forbidden(f"enforcement point `{principal.point}` does not guard server `{held.server}`")
    if held.state != "reserved":
        raise Conflict(f"the outcome of this decision is on record already: {held.state}")
    settled = msgspec.structs.replace(
        held, state="unknown" if outcome.status is OutcomeStatus.UNKNOWN else "settled", version=held.version + 1
    )
    puts = [Put(kind=Kind.RESERVATION, record=settled, expected=held.version)]
    puts.extend(settlement(state, held, _used(held.reserved, outcome)))
    puts.extend(_closed_token(state, held))
    salt = entropy.salt()
    tool = state.tool(held.tenant, ToolId(f"{held.server}/{held.tool}"))
    outside = tool.outside if tool is not None else True
    content, cut = _cut(outcome, settings.limits.result_bytes)
    kept = msgspec.structs.replace(outcome, content=content)
    details: tuple[Detail, ...] = (
        result_detail(shelf(held.mission, held.instance), kept, outside=outside, cut=cut, salt=salt),
    )
    instance = state.instance(held.tenant, InstanceId(held.instance))
    if tool is not None and instance is not None:
        if arguments is None:
            arguments = _stored_arguments(state, held)
        memory = state.memory(held.tenant, instance.id)
        if _erased(state, held):
            memory.take_in(decision=held.id, tool=tool, arguments={}, content=None, outside=outside)
            memory, cut = Memory(settings.limits.memory_bytes), False  # of this result's label only
        label = memory.take_in(decision=held.id, tool=tool, arguments=arguments, content=content, outside=outside)
        if cut:  # what is missing may be where a later value comes from
            memory.take_in(decision=held.id, tool=tool, arguments=arguments, content=None, outside=outside)
        refined = instance.label.join(label)
        if refined != instance.label:
            record = msgspec.structs.replace(instance, label=refined, version=instance.version + 1)
            puts.append(Put(kind=Kind.INSTANCE, record=record, expected=instance.version))
    facts = {
        "mission": held.mission or None,
        "agent": held.agent,
        "instance": held.instance,
        "status": outcome.status.value,
        "result": commitment(salt, outcome.content) if outcome.content is not None else None,
        "size": len(outcome.content) if outcome.content is not None else None,
    }
    entry = EntryDraft(
        tenant=held.tenant,
        kind="outcome.attested",
        id=outcome.decision,
        time=now,
        actor=actor_of(principal),
        facts=facts,
    )
    return Write(entry=entry, puts=tuple(puts), details=details)


def _used(reserved: Spent, outcome: Outcome) -> Spent:
    """A failed call gives its money and records back; the records of a result are counted; unknown keeps everything."""
    match outcome.status:
        case OutcomeStatus.FAILED:
            return Spent(calls=reserved.calls)
        case OutcomeStatus.SUCCEEDED:
            return msgspec.structs.replace(reserved, records=count_records(outcome.content))
        case _:
            return reserved


def _closed_token(state: State, held: Reservation) -> tuple[Put, ...]:
    """The call's token ends with it, used or not: after any outcome, unknown ones too, nobody can use it."""
    token = state.token(held.tenant, held.token) if held.token else None
    closed = close(token) if token is not None else "there is none"
    if token is None or isinstance(closed, str):
        return ()
    return (Put(kind=Kind.TOKEN, record=closed, expected=token.version),)


def _erased(state: State, held: Reservation) -> bool:
    """Whether the call's mission was erased: every mission has a brief until then."""
    return bool(held.mission) and state.brief(held.tenant, MissionId(held.mission)) is None


def _stored_arguments(state: State, held: Reservation) -> Mapping[str, Any]:
    body = state.detail(held.tenant, shelf(held.mission, held.instance), held.id, DetailKind.CALL)
    return msgspec.json.decode(body, type=CallDetail).arguments if body is not None else {}


def _cut(outcome: Outcome, limit: int) -> tuple[str | None, bool]:
    """The result as far as it is kept, and whether something is missing."""
    if outcome.content is None:
        return None, False
    return outcome.content[:limit], len(outcome.content) > limit
