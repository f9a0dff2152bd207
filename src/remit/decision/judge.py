"""Steps 7 and 8: policy over the findings, then one of permit, deny, ask.

Policy decides, findings inform. Anything but a clean permit is a deny (I2); a deny becomes *ask* exactly when the same
request with a hypothetical approval from the groups that policy names would be permitted.
"""

from functools import lru_cache

import msgspec

from remit.policy import Evaluation, Facts, Lift, PolicyRef, PolicySet
from remit.terms import Effect, Finding, FindingKind, Obligation, Reason, Remedy

# Findings whose first verdict is the good one and which explain a deny even when no policy names them.
_NOTABLE = frozenset(
    {FindingKind.AUTHORITY, FindingKind.GROUNDING, FindingKind.FLOW, FindingKind.BUDGET, FindingKind.RATE}
)


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A decision before it was committed."""

    effect: Effect
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    remedy: Remedy | None = None
    lift: Lift | None = None  # of an ask: whose approval would permit it


def deny(
    code: str, message: str, remedy: str, *, disclosable: bool = True, findings: tuple[Finding, ...] = ()
) -> Judgement:
    """A deny by the path itself, before or beside policy."""
    return Judgement(
        effect=Effect.DENY,
        reasons=(Reason(code=code, message=message),),
        findings=findings,
        remedy=Remedy(message=remedy, disclosable=disclosable),
    )


def judge(policies: PolicySet, facts: Facts, evaluation: Evaluation) -> Judgement:
    """The judgement of `facts`, whose evaluation is given. Never raises: what erred is denied with the reason."""
    if evaluation.allowed and not evaluation.errors:
        reasons, obligations = _said(evaluation.policies)
        return Judgement(effect=Effect.PERMIT, reasons=reasons, findings=facts.findings, obligations=obligations)
    if evaluation.errors:
        message = "a policy could not be evaluated on this request: " + "; ".join(evaluation.errors)
        return deny(
            "remit.policy_error",
            message,
            "mend the policy (see `remit policy check`), then ask again",
            disclosable=False,
            findings=facts.findings,
        )
    lift = policies.lift(facts, evaluation)
    if lift is not None:
        return Judgement(
            effect=Effect.ASK,
            reasons=_said(evaluation.policies)[0],
            findings=facts.findings,
            remedy=Remedy(message=f"approval by {_who(lift)}", disclosable=True, groups=lift.groups),
            lift=lift,
        )
    return Judgement(
        effect=Effect.DENY,
        reasons=_said(evaluation.policies)[0],
        findings=facts.findings,
        remedy=_remedy(evaluation, facts),
    )


def _who(lift: Lift) -> str:
    who = (" and " if lift.together else " or ").join(lift.groups)
    return who if lift.needed == 1 else f"{lift.needed} different operators of {who}"


def observed(judgement: Judgement) -> Judgement:
    """The same in observe: let through, with the reasons and the remedy that enforce would give."""
    if judgement.effect is Effect.PERMIT:
        return judgement
    says = {Effect.DENY: "deny it", Effect.ASK: "ask a person"}[judgement.effect]
    reason = Reason(code="remit.observed", message=f"in observe nothing is blocked; enforce would {says}")
    return msgspec.structs.replace(
        judgement, effect=Effect.PERMIT, reasons=(reason, *judgement.reasons), obligations=(), lift=None
    )


@lru_cache(maxsize=4096)
def _said(policies: tuple[PolicyRef, ...]) -> tuple[tuple[Reason, ...], tuple[Obligation, ...]]:
    """What policies say together: the reasons, and what comes with a permit."""
    if not policies:
        return (Reason(code="remit.default_deny", message="no policy permits this"),), ()
    reasons = tuple([Reason(code=ref.id, message=ref.reason) for ref in policies])
    return reasons, tuple([item for ref in policies for item in ref.obligations])


def _remedy(evaluation: Evaluation, facts: Facts) -> Remedy:
    """The smallest change: what the first forbidding policy says, else what the worst finding suggests.

    A forbid that nobody can lift comes first: an approval would not help while it stands.
    """
    forbids = sorted(evaluation.policies, key=lambda ref: bool(ref.ask))
    named: PolicyRef | None = next((ref for ref in forbids if ref.remedy), None)
    if named is not None:
        return Remedy(message=named.remedy, disclosable=named.disclose)
    worst = next((f for f in facts.findings if f.kind in _NOTABLE and f.verdict in _SUGGESTIONS), None)
    if worst is not None:
        return Remedy(message=_SUGGESTIONS[worst.verdict], disclosable=True)
    return Remedy(
        message="a policy that permits this call; `remit policy explain` shows the nearest", disclosable=False
    )


_SUGGESTIONS = {
    "none": "open a mission for this work and name it in the request",
    "outside": "a mission whose goal says that this is wanted",
    "instruction": "a goal, vouched by a person, that asks for this in its own words",
    "outsider": "a goal, vouched by a person, that names this value",
    "nowhere": "a source for this value: the goal, or data that was read in this mission",
    "leaks": "a recipient that the goal names or that belongs to the organisation",
    "exceeded": "a mission with a larger budget, or a slower pace",
}
