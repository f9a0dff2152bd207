"""Decision: findings and policy in; effect, reasons, obligations and remedy out."""

from remit.decision.confirmation import Divergence, confirm, due
from remit.decision.judge import Judgement, deny, judge, observed
from remit.decision.lasting import evidence_of, not_worse

__all__ = [
    "Divergence",
    "Judgement",
    "confirm",
    "deny",
    "due",
    "evidence_of",
    "judge",
    "not_worse",
    "observed",
]
