"""Taking anything back by one route, and letting a stopped tenant go on."""

from litestar import post
from litestar.params import JSONBody

from remit.decision_api.asking import Asking
from remit.decision_api.bodies import Resume, Resumed, Revoke, RevokedAnswer


@post("/revoke", status_code=200, summary="Take anything back, at once", tags=["revocation"])
async def revoke(request: Asking, data: JSONBody[Revoke]) -> RevokedAnswer:
    """Counts for whatever hangs on it too; once this is answered nothing is permitted under it."""
    revoked = await request.desks.revocation.revoke(
        request.by, data.kind, data.id, data.cause, quarantine=data.quarantine
    )
    return RevokedAnswer(revoked=revoked)


@post("/resume", status_code=200, summary="Let a stopped tenant go on", tags=["revocation"])
async def resume(request: Asking, data: JSONBody[Resume]) -> Resumed:
    """By an admin, and not by whoever stopped it."""
    return Resumed(tenant=await request.desks.revocation.resume_tenant(request.by, data.cause))


HANDLERS = [revoke, resume]
