"""Missions: opened by operators, enforcement points and agents; ended by whoever may."""

from litestar import get, post
from litestar.params import FromPath, JSONBody

from remit.decision_api.asking import Asking
from remit.decision_api.bodies import (
    AuthorityAnswer,
    DerivedMission,
    GivenGrant,
    Goal,
    MissionAnswer,
    MissionChange,
    MissionList,
    NewMission,
)
from remit.terms import Brief, Grant, Mission, MissionState


@get("/missions", summary="List missions, newest first", tags=["missions"])
async def list_missions(request: Asking) -> MissionList:
    return MissionList(missions=request.desks.missions.list(request.by))


@post("/missions", summary="Open a mission", tags=["missions"])
async def open_mission(request: Asking, data: JSONBody[NewMission]) -> MissionAnswer:
    """The answer shows what the goal was compiled into: calls are judged against that."""
    mission, brief = await request.desks.missions.open(
        request.by,
        agent=data.agent,
        purpose=data.purpose,
        goal=data.goal,
        subject=data.subject,
        channel=data.channel,
        instance=data.instance,
        bounds=data.bounds,
        budget=data.budget,
        lifetime=_milliseconds(data.lifetime_seconds),
        grants=_grants(data.authorization_details),
    )
    return _shown(mission, brief)


@post("/missions/explain", status_code=200, summary="What a goal would license", tags=["missions"])
async def explain_goal(request: Asking, data: JSONBody[Goal]) -> AuthorityAnswer:
    """Before anything is opened: look at it, correct it, and open the mission with the corrected details."""
    authority = request.desks.missions.explain(
        request.by, purpose=data.purpose, goal=data.goal, grants=_grants(data.authorization_details)
    )
    return AuthorityAnswer(
        authorization_details=authority.authorization_details,
        compiler=authority.compiler,
        authority_hash=authority.hash,
        unsure=sum(not grant.sure for grant in authority.grants),
    )


@get("/missions/{id:str}", summary="One mission with its goal and authority", tags=["missions"])
async def get_mission(request: Asking, id: FromPath[str]) -> MissionAnswer:
    return _shown(*request.desks.missions.get(request.by, id))


@post("/missions/{id:str}/derive", summary="Open a narrower mission under this one", tags=["missions"])
async def derive_mission(request: Asking, id: FromPath[str], data: JSONBody[DerivedMission]) -> MissionAnswer:
    mission, brief = await request.desks.missions.derive(
        request.by,
        id,
        agent=data.agent,
        instance=data.instance,
        bounds=data.bounds,
        budget=data.budget,
        lifetime=_milliseconds(data.lifetime_seconds),
    )
    return _shown(mission, brief)


@post("/missions/{id:str}/state", status_code=200, summary="Complete, suspend, resume or revoke", tags=["missions"])
async def change_mission(request: Asking, id: FromPath[str], data: JSONBody[MissionChange]) -> MissionAnswer:
    """Counts at once, for every mission derived from this one too."""
    missions = request.desks.missions
    changed = await missions.change(request.by, id, MissionState(data.state), data.cause)
    return _shown(changed, missions.get(request.by, id)[1])


def _milliseconds(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _grants(given: tuple[GivenGrant, ...] | None) -> tuple[Grant, ...] | None:
    return None if given is None else tuple(one.grant for one in given)


def _shown(mission: Mission, brief: Brief | None) -> MissionAnswer:
    return MissionAnswer(
        mission=mission,
        goal=brief.goal if brief else None,
        authorization_details=brief.authority.authorization_details if brief else [],
    )


HANDLERS = [list_missions, open_mission, explain_goal, get_mission, derive_mission, change_mission]
