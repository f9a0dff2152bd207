"""Step 10: what leaves the path. Only what was committed is released; whatever could not be is a deny (I1, I2)."""

from remit.decision import Judgement, deny
from remit.mediation.case import Case
from remit.terms import Decision, Effect, IssuedToken, Request


def release(
    case: Case, decision: str, request: Request, seq: int, micros: float, token: IssuedToken | None
) -> Decision:
    """The decision as its entry, number `seq`, has it."""
    judgement, described = case.judgement, case.described
    permitted = judgement.effect is Effect.PERMIT
    return Decision(
        id=decision,
        effect=judgement.effect,
        reasons=judgement.reasons,
        findings=judgement.findings,
        obligations=judgement.obligations,
        remedy=judgement.remedy,
        mode=case.mode,
        would=case.would,
        token=token,
        digest=described.call.digest if described else "",
        policy=case.policy,
        mission=request.mission,
        call_id=case.call_id,
        approval=case.approval,
        canonical=described.call.canonical if described and permitted else b"",
        micros=micros,
        seq=seq,
    )


def not_kept(case: Case, decision: str, request: Request, message: str, micros: float) -> Decision:
    """What was not committed is not released, whatever it was. Its id names no entry."""
    why = deny(
        "remit.unavailable",
        f"the decision could not be recorded: {message}",
        "try again later; operators see the cause in `remit status`",
    )
    return _denied(why, case, decision, request, micros)


def raced(request: Request) -> Decision:
    """What it rests on changed at every attempt."""
    why = deny("remit.raced", "the state kept changing while this was judged", "try again")
    return _denied(why, Case(judgement=why), "", request, 0.0)


def _denied(why: Judgement, case: Case, decision: str, request: Request, micros: float) -> Decision:
    return Decision(
        id=decision,
        effect=Effect.DENY,
        reasons=why.reasons,
        remedy=why.remedy,
        mode=case.mode,
        policy=case.policy,
        mission=request.mission,
        call_id=case.call_id,
        micros=micros,
    )
