"""Which mode applies: observe or enforce, per agent, server or tool.

Observe never blocks, but it changes nothing of who may act: step 2 holds, and so does a quarantined tool. A rule counts
from the confirmation by a second person until it expires. The stricter of several rules wins, and without one that
counts it is enforce: a rule that is lost, late or half made can only make things stricter.
"""

from remit.mediation.ports import State
from remit.terms import Mode, ModeRule, TenantId

KINDS = ("agent", "server", "tool")


def mode_of(state: State, tenant: TenantId, agent: str, server: str | None, tool: str | None, now: int) -> Mode:
    """The mode of a call; without server and tool, of a request by the agent about something else."""
    mode = Mode.ENFORCE
    if not state.ruled(tenant):
        return mode
    for kind, name in zip(KINDS, (agent, server, tool), strict=True):
        rule = state.mode(tenant, f"{kind}:{name}") if name is not None else None
        if rule is not None and in_force(rule, now):
            if rule.mode is Mode.ENFORCE:
                return Mode.ENFORCE
            mode = rule.mode
    return mode


def in_force(rule: ModeRule, now: int) -> bool:
    """Whether a rule counts: not expired (it ends on `expires`) and, to observe, confirmed by somebody else."""
    if now >= rule.expires:
        return False
    return rule.mode is Mode.ENFORCE or rule.confirmed_by not in ("", rule.by)
