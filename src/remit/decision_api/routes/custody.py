"""Erasures, proofs, and that backups were made."""

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from remit.administration import Act, Erased
from remit.decision_api.asking import Asking
from remit.decision_api.bodies import BackupAnswer, LogView, NewBackup, NewErasure, ProofAnswer
from remit.terms import InvalidInput, NotFound

_FAR = 2**53 - 1


@post("/erasures", status_code=200, summary="Erase what people and agents wrote", tags=["custody"])
async def erase(request: Asking, data: JSONBody[NewErasure]) -> Erased:
    """For good: of a mission that is over, of an instance outside of missions, or of what ended so many days ago."""
    custody = request.desks.custody
    match data.mission, data.instance, data.days:
        case str(mission), None, None:
            return await custody.erase(request.by, mission, data.cause)
        case None, str(instance), None:
            return await custody.erase_instance(request.by, instance, data.cause)
        case None, None, int(days):
            return await custody.expire(request.by, days, data.cause)
    raise InvalidInput("expected exactly one of `mission`, `instance` and `days`")


@post("/backups", status_code=200, summary="Record that a backup is being made", tags=["custody"])
async def record_backup(request: Asking, data: JSONBody[NewBackup]) -> BackupAnswer:
    return BackupAnswer(entry=await request.desks.custody.backed_up(request.by, keys=data.keys))


@get("/records/{id:str}/proof", summary="Prove that an entry is in the log", tags=["record"])
async def prove(
    request: Asking,
    id: FromPath[str],
    seq: Annotated[int | None, QueryParameter(ge=0, le=_FAR, description="which entry about the id")] = None,
) -> ProofAnswer:
    """A C2SP tlog-proof, checked offline with the log's key: `remit audit check`."""
    return ProofAnswer(proof=request.desks.custody.prove(request.by, id, seq).decode())


@get("/log", summary="The log's key, and who keeps its checkpoints elsewhere", tags=["record"])
async def show_log(request: Asking) -> LogView:
    request.desks.office.require(request.by, Act.READ)
    found = request.services.log
    if found is None:
        raise NotFound("this server publishes no log")
    return LogView(key=found.key(request.by.tenant), public=found.public, elsewhere=tuple(found.standings()))


HANDLERS = [erase, record_backup, prove, show_log]
