"""Whether it lives, whether it can decide, and how it is doing."""

from collections import Counter

from litestar import Response, get

import remit
from remit.decision_api.asking import Asking
from remit.decision_api.bodies import Alive, Index, Observed, Readiness, Status
from remit.decision_api.front import EVALUATION, EVALUATIONS, OPENAPI, metadata_path
from remit.decision_api.services import PublicLog, public_url
from remit.mediation.modes import in_force
from remit.policy import PolicySet
from remit.terms import ApprovalState, Mode, Principal


@get("/", summary="What this is and where to go on", tags=["system"])
async def index(request: Asking) -> Index:
    links = {
        "openapi": OPENAPI,
        "metadata": metadata_path(public_url(request.services.settings)),
        "evaluation": EVALUATION,
        "evaluations": EVALUATIONS,
        "ready": "/ready",
        "status": "/v1/status",
    }
    return Index(name="Remit", version=remit.__version__, links=links)


@get("/health", summary="The process lives", tags=["system"])
async def health() -> Alive:
    return Alive(status="ok")


@get("/ready", summary="The server can decide", tags=["system"])
async def ready(request: Asking) -> Response[Readiness]:
    """503 with what is wrong while the store cannot be written or no policy set is active."""
    problems = tuple(request.services.health.problems())
    return Response(Readiness(ready=not problems, problems=problems), status_code=503 if problems else 200)


@get("/status", summary="How the server is doing", tags=["system"])
async def status(request: Asking) -> Status:
    services, desks, by = request.services, request.desks, request.by
    problems = tuple(services.health.problems())
    entries = desks.record.size(by)
    log = services.log
    stop = desks.office.records.stop(by.tenant)
    current = desks.office.policies.current(by.tenant)
    return Status(
        version=remit.__version__,
        tenant=by.tenant,
        mode=Mode.ENFORCE,
        observing=_observing(request, by),
        healthy=not problems,
        stopped=stop is not None and stop.stopped,
        problems=problems,
        policy=current.version if current else "",
        entries=entries,
        agents=dict(sorted(Counter(agent.state.value for agent in desks.agents.list(by)).items())),
        missions=dict(sorted(Counter(mission.state.value for mission in desks.missions.list(by)).items())),
        warnings=(*_standings(log), *_distrusted(current)),
        turned_away=dict(services.authenticator.refused),
        tokens_refused=services.token_refusals.counts,
        approvals_pending=len(desks.requests.list(by, ApprovalState.PENDING)),
        uptime_seconds=max(0.0, desks.office.clock.now() / 1000 - services.health.started),
        public_url=public_url(services.settings),
        log_origin=services.settings.log_origin,
    )


def _standings(log: PublicLog | None) -> tuple[str, ...]:
    return tuple(f"{one.name}: {one.failing}" for one in log.standings() if one.failing) if log else ()


def _distrusted(policies: PolicySet | None) -> tuple[str, ...]:
    """Whether Cedar itself has to answer, because the compiled policies once answered otherwise."""
    if policies is None or policies.trusted:
        return ()
    return (f"policies are evaluated by the reference alone, which is slower: {policies.distrusted}",)


def _observing(request: Asking, by: Principal) -> tuple[Observed, ...]:
    now = request.desks.office.clock.now()
    return tuple(
        Observed(id=rule.id, expires=rule.expires, by=rule.by, confirmed_by=rule.confirmed_by)
        for rule in request.desks.modes.list(by)
        if rule.mode is Mode.OBSERVE and in_force(rule, now)
    )


PUBLIC = [index, health, ready]
HANDLERS = [status]
