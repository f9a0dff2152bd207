"""Step 8, checked: compiled policies answer, and Cedar itself is asked whether it would have said the same.

The threat is a defect of ours in the compiler: a forbid that is thought not to hold. So every permit of a high-risk
class is confirmed before it counts, and so is a sample of all other answers: before the commit, because a permit that
is in the log and was not released would be a false record. The caller owes the rest: on a divergence it goes by the
reference, records it, alarms, and calls `PolicySet.distrust`, after which the reference alone answers.

    if due(policies, facts, evaluation, draw=chance()):
        divergence = confirm(policies, facts, evaluation)

Limits: what both evaluators share is not checked by comparing them: the choice of the policies that a request meets,
and the conversion of arguments by their schema. A verdict that no policy is thought to read is not told to Cedar; where
that is wrong Cedar errs, and is told.
"""

import msgspec

from remit.policy import Evaluation, Facts, PolicySet

SHARE = 0.01  # of the answers that need not be confirmed: what Cedar was not asked before takes it 100 to 400 µs


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """The two evaluators differ on one request. `reference` is right."""

    policy: str  # version of the policy set
    compiled: Evaluation
    reference: Evaluation

    def __str__(self) -> str:
        """One line for the log: ids of policies and Cedar's errors, both printable; nothing that an agent wrote."""
        return (
            f"policy set {self.policy[:12]}: compiled policies answered {_said(self.compiled)}, "
            f"Cedar answers {_said(self.reference)}"
        )


def due(policies: PolicySet, facts: Facts, evaluation: Evaluation, *, draw: float, share: float = SHARE) -> bool:
    """Whether the answer has to be confirmed. `draw` is chance, 0 to 1, which a caller must not be able to foresee."""
    if policies.distrusted:  # the reference answered
        return False
    return draw < share or (evaluation.allowed and policies.high_risk(facts))


def confirm(policies: PolicySet, facts: Facts, evaluation: Evaluation) -> Divergence | None:
    """Ask the reference the same; None when it agrees, to the policies that determine the answer."""
    reference = policies.reference(facts)
    if evaluation == reference:
        return None
    return Divergence(policy=policies.version, compiled=evaluation, reference=reference)


def _said(evaluation: Evaluation) -> str:
    why = ", ".join((*(ref.id for ref in evaluation.policies), *evaluation.errors)) or "no policy"
    return f"{'permit' if evaluation.allowed else 'deny'} ({why})"
