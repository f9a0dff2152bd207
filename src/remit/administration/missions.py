"""Missions: opened with a vouched goal, derived, ended.

Who may vouch: an operator for a person, an enforcement point for the subjects that it may assert, an agent only with
its own word, which policy trusts least. A derived mission keeps its root's goal and authority and only narrows the
rest (I4).
"""

import msgspec

from remit.administration.office import Act, Office
from remit.agents import may_act
from remit.intent import compile_goal, take_grants
from remit.mediation.drafts import commitment
from remit.missions import change_mission, effective_state, open_mission, purpose_bounds
from remit.terms import (
    AgentId,
    AgentPrincipal,
    Authority,
    Bounds,
    Brief,
    Budget,
    Conflict,
    Detail,
    DetailKind,
    Forbidden,
    Grant,
    InstanceId,
    InvalidInput,
    Kind,
    Mission,
    MissionId,
    MissionState,
    NotFound,
    OperatorPrincipal,
    PointPrincipal,
    Principal,
    Purpose,
    Put,
    Voucher,
    VoucherKind,
    actor_of,
)
from remit.terms.entries import Ledger

_ACTS: dict[MissionState, Act] = {
    MissionState.ACTIVE: Act.MANAGE,
    MissionState.SUSPENDED: Act.STOP,
    MissionState.REVOKED: Act.STOP,
    MissionState.COMPLETED: Act.STOP,
}


class Missions:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def open(
        self,
        by: Principal,
        *,
        agent: str,
        purpose: str,
        goal: str,
        subject: str = "",
        channel: str = "",
        instance: str | None = None,
        bounds: Bounds | None = None,
        budget: Budget | None = None,
        lifetime: int | None = None,
        grants: tuple[Grant, ...] | None = None,
    ) -> tuple[Mission, Brief]:
        """A new mission and what its goal was compiled into. `lifetime` in milliseconds.

        `grants` are taken in place of the compiled ones: who may vouch for somebody's goal may also say what it
        licenses, by hand or by a compiler of their own. An agent may not. The purpose's bounds cut them all the same.
        """
        by = self._office.renew(by)
        voucher = self._voucher(by, agent, subject, channel)
        reason = self._purpose(purpose)
        limits = purpose_bounds(reason, self._office.settings.purpose)
        asked = (bounds or Bounds(), budget or Budget())
        authority = self._authority(by, goal, limits[0], grants)
        return await self._open(
            by,
            agent=agent,
            instance=instance,
            subject=subject or f"agent:{agent}",
            reason=reason,
            limits=limits,
            goal=goal,
            authority=authority,
            voucher=voucher,
            asked=asked,
            lifetime=lifetime,
            parent=None,
        )

    def explain(self, by: Principal, *, purpose: str, goal: str, grants: tuple[Grant, ...] | None = None) -> Authority:
        """What a mission of this goal would be judged against. Opens nothing and records nothing."""
        by = self._office.renew(by)
        if isinstance(by, OperatorPrincipal):
            self._office.require(by, Act.MANAGE)
        elif isinstance(by, AgentPrincipal):
            raise Forbidden("whoever may vouch for goals of others may have them explained: operators and points")
        limits = purpose_bounds(self._purpose(purpose), self._office.settings.purpose)
        return self._authority(by, goal, limits[0], grants)

    @staticmethod
    def _authority(by: Principal, goal: str, bounds: Bounds, grants: tuple[Grant, ...] | None) -> Authority:
        if grants is None:
            return compile_goal(goal, bounds=bounds)
        if isinstance(by, AgentPrincipal):
            raise Forbidden("an agent does not say what a goal licenses; leave `authorization_details` out")
        return take_grants(grants, goal, bounds=bounds, by=actor_of(by))

    async def derive(
        self,
        by: Principal,
        parent: str,
        *,
        agent: str,
        instance: str | None = None,
        bounds: Bounds | None = None,
        budget: Budget | None = None,
        lifetime: int | None = None,
    ) -> tuple[Mission, Brief]:
        """A narrower mission for `agent` under `parent`, with the root's goal, authority, subject and voucher."""
        by = self._office.renew(by)
        above = self._find(by, parent)
        if isinstance(by, OperatorPrincipal):
            self._office.require(by, Act.MANAGE)
        elif not concerns(above, by):
            raise Forbidden("agents derive from their own missions, enforcement points from those they may speak for")
        self._require_live(above)
        brief = self._office.records.brief(by.tenant, above.id)
        if brief is None:
            raise Conflict("the goal of the parent mission was erased; open a new mission")
        reason = self._purpose(above.purpose)
        return await self._open(
            by,
            agent=agent,
            instance=instance,
            subject=above.subject,
            reason=reason,
            limits=(above.bounds, above.budget),
            goal=brief.goal,
            authority=brief.authority,
            voucher=above.voucher,
            asked=(bounds or Bounds(), budget or Budget()),
            lifetime=lifetime,
            parent=above,
        )

    async def change(self, by: Principal, mission: str, state: MissionState, cause: str) -> Mission:
        """Complete, suspend, resume or revoke. Agents and enforcement points complete missions that concern them."""
        by = self._office.renew(by)
        known = self._find(by, mission)
        if state not in _ACTS:
            raise InvalidInput(f"expected one of {', '.join(sorted(_ACTS))}, got {state.value}")
        if isinstance(by, OperatorPrincipal) or state is not MissionState.COMPLETED or not concerns(known, by):
            self._office.require(by, _ACTS[state])
        if known.state is MissionState.ACTIVE and state is MissionState.ACTIVE:
            raise Conflict(f"mission `{known.id}` is active already")
        changed = change_mission(known, state, cause)
        await self._office.record(
            by,
            f"mission.{state.value if state is not MissionState.ACTIVE else 'resumed'}",
            known.id,
            {"from": known.state.value, "agent": known.agent},
            Put(kind=Kind.MISSION, record=changed, expected=known.version),
        )
        return changed

    def get(self, by: Principal, mission: str) -> tuple[Mission, Brief | None]:
        """A mission with its goal and authority, if they were not erased."""
        by = self._office.renew(by)
        known = self._find(by, mission)
        if isinstance(by, OperatorPrincipal):
            self._office.require(by, Act.READ)
        elif not concerns(known, by):
            raise NotFound("there is no such mission")
        return self._now(known), self._office.records.brief(by.tenant, known.id)

    def list(self, by: Principal) -> tuple[Mission, ...]:
        self._office.require(by, Act.READ)
        found = sorted(self._office.records.missions(by.tenant), key=lambda mission: (-mission.opened, mission.id))
        return tuple(self._now(mission) for mission in found)

    def _now(self, mission: Mission) -> Mission:
        """With the clock applied: an expired mission is shown as expired."""
        return msgspec.structs.replace(mission, state=effective_state(mission, self._office.clock.now()))

    async def _open(
        self,
        by: Principal,
        *,
        agent: str,
        instance: str | None,
        subject: str,
        reason: Purpose,
        limits: tuple[Bounds, Budget],
        goal: str,
        authority: Authority,
        voucher: Voucher,
        asked: tuple[Bounds, Budget],
        lifetime: int | None,
        parent: Mission | None,
    ) -> tuple[Mission, Brief]:
        office = self._office
        office.require_running(by.tenant)
        actor = office.records.agent(by.tenant, AgentId(agent))
        if actor is None:
            raise NotFound("there is no such agent; register it with `remit agents register`")
        if not may_act(actor):
            raise Conflict(f"agent `{actor.id}` is {actor.state.value} and cannot open missions")
        now = office.clock.now()
        salt = office.entropy.salt()
        mission = open_mission(
            by.tenant,
            office.entropy.identifier("m"),
            agent=actor.id,
            instance=InstanceId(instance) if instance else None,
            subject=subject,
            purpose=reason,
            limits=limits,
            goal=goal,
            voucher=voucher,
            opened_by=actor_of(by),
            asked=asked,
            lifetime=lifetime,
            parent=parent,
            goal_commitment=commitment(salt, goal),
            authority_hash=authority.hash,
            now=now,
        )
        brief = Brief(goal=goal, authority=authority, salt=salt.hex())
        await office.record(
            by,
            "mission.opened" if parent is None else "mission.derived",
            mission.id,
            {
                "agent": mission.agent,
                "purpose": mission.purpose,
                "voucher": voucher.kind.value,
                "goal": mission.goal_commitment,
                "authority": mission.authority_hash,
                "compiler": authority.compiler,
                "parent": mission.parent,
                "expires": mission.expires,
            },
            Put(kind=Kind.MISSION, record=mission, expected=0),
            Put(kind=Kind.LEDGER, record=Ledger(tenant=by.tenant, id=mission.id), expected=0),
            details=(
                Detail(mission=mission.id, owner=mission.id, kind=DetailKind.BRIEF, body=msgspec.json.encode(brief)),
            ),
            now=now,
        )
        return mission, brief

    def _voucher(self, by: Principal, agent: str, subject: str, channel: str) -> Voucher:
        match by:
            case AgentPrincipal():
                if by.agent != agent:
                    raise Forbidden("an agent opens missions for itself only")
                return Voucher(kind=VoucherKind.AGENT, by=f"agent:{by.agent}", channel="own key")
            case PointPrincipal():
                kind = subject.partition(":")[0]
                if not subject or not by.may_assert(kind):
                    raise Forbidden(
                        f"enforcement point `{by.point}` may vouch only for subjects that it may assert: "
                        f"{', '.join(by.subjects)}"
                    )
                return Voucher(kind=VoucherKind.PERSON, by=subject, channel=channel or f"point:{by.point}")
            case OperatorPrincipal():
                self._office.require(by, Act.MANAGE)
                return Voucher(
                    kind=VoucherKind.PERSON, by=subject or f"operator:{by.operator}", channel=f"operator:{by.operator}"
                )

    def _purpose(self, name: str) -> Purpose:
        purpose = self._office.settings.purpose(name)
        if purpose is None:
            known = ", ".join(sorted(item.id for item in self._office.settings.purposes)) or "none yet"
            raise InvalidInput(f"expected `purpose` to be one of remit.toml: {known}")
        return purpose

    def _find(self, by: Principal, mission: str) -> Mission:
        known = self._office.records.mission(by.tenant, MissionId(mission))
        if known is None:
            raise NotFound("there is no such mission; `remit missions list` lists them")
        return known

    def _require_live(self, mission: Mission) -> None:
        """Every mission up the chain must be active and its agent able to act: nothing derives from what is stopped."""
        now = self._office.clock.now()
        current: Mission | None = mission
        while current is not None:
            state = effective_state(current, now)
            if state is not MissionState.ACTIVE:
                raise Conflict(f"mission `{current.id}` is {state.value}; nothing derives from it")
            owner = self._office.records.agent(current.tenant, current.agent)
            if owner is None or not may_act(owner):
                raise Conflict(f"the agent of mission `{current.id}` may not act; nothing derives from it")
            current = self._office.records.mission(current.tenant, current.parent) if current.parent else None


def concerns(mission: Mission, by: Principal) -> bool:
    """Whether `mission` is this agent's, or was opened by or for somebody whom this enforcement point speaks for."""
    match by:
        case AgentPrincipal():
            return by.agent == mission.agent
        case PointPrincipal():
            return mission.opened_by == actor_of(by) or by.may_assert(mission.subject.partition(":")[0])
        case OperatorPrincipal():
            return False
