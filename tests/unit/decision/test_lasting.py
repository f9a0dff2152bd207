"""Which findings are worse than those an approver saw."""

import itertools

import pytest

from remit.decision import evidence_of, not_worse
from remit.terms import VERDICTS, Finding, FindingKind

PAIRS = [
    (kind, a, b) for kind, verdicts in VERDICTS.items() for a, b in itertools.product(range(len(verdicts)), repeat=2)
]


@pytest.mark.parametrize(("kind", "then", "now"), PAIRS)
def test_a_verdict_is_worse_exactly_when_it_stands_later_in_the_table(kind: FindingKind, then: int, now: int) -> None:
    was, is_now = (evidence_of([Finding(kind=kind, verdict=VERDICTS[kind][index])]) for index in (then, now))
    assert (not_worse(was, is_now) is not None) == (now > then)


def test_a_new_finding_is_compared_with_the_best_of_its_kind_and_an_unknown_verdict_is_worst() -> None:
    assert not_worse("", "flow=leaks") == "flow: not found → leaks"
    assert not_worse("", "flow=clear") is None
    assert not_worse("flow=leaks", "flow=made-up") is not None


def test_evidence_is_of_these_findings_and_no_others() -> None:
    flow, rate = FindingKind.FLOW, FindingKind.RATE
    for first, second in (("clear", "within"), ("leaks", "within"), ("clear", "exceeded")):
        findings = [Finding(kind=rate, verdict=second), Finding(kind=flow, verdict=first)]
        assert evidence_of(findings) == evidence_of(findings[::-1]) == f"flow={first};rate={second}"
    assert evidence_of([Finding(kind=flow, verdict="within")]) != evidence_of([Finding(kind=rate, verdict="within")])
