"""Outcomes in, the record out; policies in force."""

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from remit.administration import Recorded
from remit.decision_api import hot
from remit.decision_api.asking import Asking
from remit.decision_api.bodies import Attestation, EntryList, PolicySetAnswer, PolicyView
from remit.policy import PolicySet

_FAR = 2**53 - 1


@post("/outcomes", status_code=204, summary="Attest what happened after a permit", tags=["record"])
async def attest(request: Asking, data: JSONBody[Attestation]) -> None:
    """For enforcement points. Settles the reservation, and makes the result known to the instance's next decision."""
    await hot.attest(request.services.mediator, request.by, data)


@get("/records/{id:str}", summary="All that is on record about an id", tags=["record"])
async def show_record(request: Asking, id: FromPath[str]) -> Recorded:
    return request.desks.record.show(request.by, id)


@get("/entries", summary="Entries of the log, in order", tags=["record"])
async def list_entries(
    request: Asking,
    start: Annotated[int, QueryParameter(ge=-_FAR, le=_FAR, description="negative: from the end")] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> EntryList:
    entries = request.desks.record.entries(request.by, start, limit)
    return EntryList(size=request.desks.record.size(request.by), entries=entries)


@get("/policies", summary="The policies in force", tags=["policies"])
async def show_policies(request: Asking) -> PolicySetAnswer:
    return _shown(request.desks.policies.active(request.by))


@post("/policies/reload", status_code=200, summary="Activate what lies in the policy directory", tags=["policies"])
async def reload_policies(request: Asking) -> PolicySetAnswer:
    """Refused with every problem when the directory does not hold a set that works; the active one then stays."""
    return _shown(await request.desks.policies.reload(request.by))


def _shown(active: PolicySet) -> PolicySetAnswer:
    views = (
        PolicyView(
            id=one.id,
            effect=one.effect.value,
            reason=one.reason,
            remedy=one.remedy,
            disclose=one.disclose,
            ask=one.ask,
            file=one.file,
            line=one.line,
        )
        for one in active.policies
    )
    return PolicySetAnswer(version=active.version, policies=tuple(views))


HANDLERS = [attest, show_record, list_entries, show_policies, reload_policies]
