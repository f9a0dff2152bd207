"""Policies: which set is active, and activating what lies in the policy directory."""

from remit.administration.office import Act, Office
from remit.policy import PolicySet
from remit.terms import Principal, Unavailable

POLICIES = "policies"  # the id under which activations stand in the log


class PolicyDesk:
    def __init__(self, office: Office) -> None:
        self._office = office

    def active(self, by: Principal) -> PolicySet:
        """The active set. Raises `Unavailable` when there is none: then everything is denied."""
        self._office.require(by, Act.READ)
        current = self._office.policies.current(by.tenant)
        if current is None:
            raise Unavailable("no policy set is active; run `remit policy check`, then `remit policy reload`")
        return current

    async def reload(self, by: Principal) -> PolicySet:
        """Activate the policy directory. Raises `Refused` with every problem; the active set then stays."""
        self._office.require(by, Act.MANAGE)
        before = self._office.policies.current(by.tenant)
        active = self._office.policies.reload(by.tenant)
        if before is None or before.version != active.version:
            await self._office.record(
                by,
                "policy.activated",
                POLICIES,
                {"version": active.version, "before": before.version if before else None},
            )
        return active
