"""Modes: what is observed instead of enforced, for how long, and who agreed to it."""

from litestar import get, post
from litestar.params import JSONBody

from remit.decision_api.asking import Asking
from remit.decision_api.token_bodies import ModeAnswer, ModeConfirmation, ModeEnd, ModeList, NewMode
from remit.mediation.modes import in_force
from remit.terms import ModeRule


@get("/modes", summary="List the rules", tags=["modes"])
async def list_modes(request: Asking) -> ModeList:
    return ModeList(modes=tuple(_shown(request, rule) for rule in request.desks.modes.list(request.by)))


@post("/modes", status_code=200, summary="Ask for a mode", tags=["modes"])
async def set_mode(request: Asking, data: JSONBody[NewMode]) -> ModeAnswer:
    """Enforce counts at once. Observe counts once another operator has confirmed it, until it expires."""
    lifetime = None if data.lifetime_seconds is None else data.lifetime_seconds * 1000
    return _shown(request, await request.desks.modes.set(request.by, data.id, data.mode, lifetime, data.cause))


@post("/modes/confirm", status_code=200, summary="Agree to a rule, as a second person", tags=["modes"])
async def confirm_mode(request: Asking, data: JSONBody[ModeConfirmation]) -> ModeAnswer:
    return _shown(request, await request.desks.modes.confirm(request.by, data.id, data.version))


@post("/modes/clear", status_code=200, summary="End a rule", tags=["modes"])
async def clear_mode(request: Asking, data: JSONBody[ModeEnd]) -> ModeAnswer:
    return _shown(request, await request.desks.modes.clear(request.by, data.id, data.cause))


def _shown(request: Asking, rule: ModeRule) -> ModeAnswer:
    return ModeAnswer(rule=rule, in_force=in_force(rule, request.desks.office.clock.now()))


HANDLERS = [list_modes, set_mode, confirm_mode, clear_mode]
