"""What an approval may rely on: the verdicts that its approver saw (I6)."""

import functools
from collections.abc import Iterable

from remit.terms import VERDICTS, Finding, FindingKind


def evidence_of(findings: Iterable[Finding]) -> str:
    """`kind=verdict` pairs in order of kind: no quotes, nothing that an agent wrote."""
    found = tuple(findings)
    return _paired(tuple([one.kind for one in found]), tuple([one.verdict for one in found]))


@functools.lru_cache(4096)  # of few words each: most calls have one of few combinations
def _paired(kinds: tuple[FindingKind, ...], verdicts: tuple[str, ...]) -> str:
    return ";".join(sorted([f"{kind}={verdict}" for kind, verdict in zip(kinds, verdicts, strict=True)]))


def not_worse(then: str, now: str) -> str | None:
    """None when no finding of `now` is worse than it was `then`; else the first that is, as `kind: was → is`."""
    before = dict(pair.split("=", 1) for pair in then.split(";") if pair)
    for pair in now.split(";"):
        kind, _, verdict = pair.partition("=")
        if kind and _rank(kind, verdict) > _rank(kind, before.get(kind, VERDICTS[FindingKind(kind)][0])):
            return f"{kind}: {before.get(kind, 'not found')} → {verdict}"
    return None


def _rank(kind: str, verdict: str) -> int:
    order = VERDICTS[FindingKind(kind)]
    return order.index(verdict) if verdict in order else len(order)
