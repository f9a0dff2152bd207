"""Cedar: schema, policies checked against it, the reference evaluation of one request's slice.

    policies = load({"default.cedar": text}, tools=tools, groups=("operators",))
    evaluation = policies.evaluate(facts)

Limits: this room decides nothing about authentication, missions or findings; it is told (`Facts`). It evaluates and
says which policies determined the answer; what the answer means for the caller is `decision`'s.
"""

from remit.policy.cases import CaseResult, facts_of, run_tests
from remit.policy.facts import Asserted, Evaluation, Explanation, Facts, Lift, PolicyRef, PolicyTrace
from remit.policy.pack import default_pack
from remit.policy.policies import PolicySet, load
from remit.policy.source import PolicyRefused, Problem

__all__ = [
    "Asserted",
    "CaseResult",
    "Evaluation",
    "Explanation",
    "Facts",
    "Lift",
    "PolicyRef",
    "PolicyRefused",
    "PolicySet",
    "PolicyTrace",
    "Problem",
    "default_pack",
    "facts_of",
    "load",
    "run_tests",
]
