"""Opening a mission: everything it may ever do is fixed here, and only narrows afterwards."""

from remit.missions.within import narrow_bounds, narrow_budget
from remit.terms import (
    AgentId,
    Bounds,
    Budget,
    Conflict,
    InstanceId,
    InvalidInput,
    Mission,
    MissionId,
    MissionState,
    Purpose,
    TenantId,
    Voucher,
)

MAX_DEPTH = (
    8  # of derivation; deeper chains hide who asked for what (draft mission-bound authorization, max_derivations)
)
MAX_GOAL = 20_000  # characters; a goal is what a person asked, not a corpus


def open_mission(
    tenant: TenantId,
    mission: str,
    *,
    agent: AgentId,
    instance: InstanceId | None,
    subject: str,
    purpose: Purpose,
    limits: tuple[Bounds, Budget],
    goal: str,
    voucher: Voucher,
    opened_by: str,
    asked: tuple[Bounds, Budget],
    lifetime: int | None,
    parent: Mission | None,
    goal_commitment: str,
    authority_hash: str,
    now: int,
) -> Mission:
    """A new active mission, bounded by its purpose's `limits`, by what was `asked`, and by its parent.

    The caller owes: that the agent may act, that every ancestor is active, that the voucher is true, and that a derived
    mission carries its root's goal.
    """
    if not goal.strip():
        raise InvalidInput("expected `goal`: what was asked, in the asker's own words")
    if len(goal) > MAX_GOAL:
        raise InvalidInput(f"expected a goal of at most {MAX_GOAL} characters, got {len(goal)}")
    if lifetime is not None and lifetime <= 0:
        raise InvalidInput("expected `lifetime_seconds` above 0")
    bounds, budget = narrow_bounds(limits[0], asked[0]), narrow_budget(limits[1], asked[1])
    expires = now + min(purpose.lifetime, lifetime if lifetime is not None else purpose.lifetime)
    depth = 0
    if parent is not None:
        if parent.depth + 1 > MAX_DEPTH:
            raise Conflict(
                f"mission `{parent.id}` is derived {parent.depth} times already; at most {MAX_DEPTH} are allowed"
            )
        bounds, budget = narrow_bounds(parent.bounds, bounds), narrow_budget(parent.budget, budget)
        expires, depth = min(expires, parent.expires), parent.depth + 1
    return Mission(
        tenant=tenant,
        id=MissionId(mission),
        agent=agent,
        instance=instance,
        subject=subject,
        purpose=purpose.id,
        voucher=voucher,
        opened_by=opened_by,
        bounds=bounds,
        budget=budget,
        parent=parent.id if parent else None,
        depth=depth,
        goal_commitment=goal_commitment,
        authority_hash=authority_hash,
        state=MissionState.ACTIVE,
        opened=now,
        expires=expires,
    )
