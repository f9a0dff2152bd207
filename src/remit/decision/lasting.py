"""What an approval may rely on: the verdicts that its approver saw (I6)."""

from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter

from remit.terms import VERDICTS, Finding, FindingKind


def evidence_of(findings: Iterable[Finding]) -> str:
    """`kind=verdict` pairs in order of kind: no quotes, nothing that an agent wrote."""
    findings = tuple(findings)
    return _evidence(tuple(map(_kind, findings)), tuple(map(_verdict, findings)))


_kind, _verdict = attrgetter("kind"), attrgetter("verdict")


@lru_cache(maxsize=4096)
def _evidence(kinds: tuple[FindingKind, ...], verdicts: tuple[str, ...]) -> str:
    return ";".join(sorted([f"{kind.value}={verdict}" for kind, verdict in zip(kinds, verdicts, strict=True)]))


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
