"""Findings and decisions."""

import enum

import msgspec

from remit.terms.tokens import IssuedToken


class FindingKind(enum.StrEnum):
    AUTHORITY = "authority"
    GROUNDING = "grounding"
    FLOW = "flow"
    SCHEMA = "schema"
    RATE = "rate"
    FIRST_USE = "first_use"
    BUDGET = "budget"


# The verdicts of each kind, best first. Policies compare with these and nothing else.
VERDICTS: dict[FindingKind, tuple[str, ...]] = {
    # within: a sure part of the goal licenses it; unsure: an unsure part does, or the goal is too vague
    # outside: the goal licenses other things, not this; none: there is no mission
    FindingKind.AUTHORITY: ("within", "unsure", "outside", "none"),
    # the worst origin among the arguments that matter. none: no argument matters; goal: vouched goal or bounds;
    # trusted: data of the organisation; referenced: an item that the goal refers to; unknown: results are missing or
    # fell out of memory; outsider: an outsider's text; nowhere: although everything taken in is on record;
    # instruction: a passage that speaks to the agent
    FindingKind.GROUNDING: ("none", "goal", "trusted", "referenced", "unknown", "outsider", "nowhere", "instruction"),
    # clear; tainted: an instance that took in outside text acts on a sink; leaks: more than the sink may learn
    FindingKind.FLOW: ("clear", "tainted", "leaks"),
    FindingKind.SCHEMA: ("fits", "breaks", "unregistered"),
    FindingKind.RATE: ("within", "exceeded"),
    FindingKind.FIRST_USE: ("known", "first"),
    FindingKind.BUDGET: ("within", "exceeded", "none"),
}


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a finding rests on. `quote` is hostile text and lies in the erasable store, never in an entry."""

    what: str  # "argument recipient", "goal", "result of mail/read_inbox"
    source: str = ""  # decision id of the call whose result it is, or "goal", "bounds"
    where: str = ""  # line or passage
    quote: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One computed fact about a call."""

    kind: FindingKind
    verdict: str  # one of VERDICTS[kind]
    score: float = 1.0  # how sure, 0 to 1
    message: str = ""  # one sentence for people; no quotes of arguments or results
    rests_on: tuple[Evidence, ...] = ()


class Effect(enum.StrEnum):
    PERMIT = "permit"
    DENY = "deny"
    ASK = "ask"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why: a rule and what it says. `code` is stable: a policy's `@id`, or `remit.<step>` for the path itself."""

    code: str
    message: str


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """What the enforcement point must do with a permit."""

    id: str
    value: str = ""


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest change that would allow it."""

    message: str
    disclosable: bool = False  # whether the agent itself may see it
    groups: tuple[str, ...] = ()  # who may lift it


class Mode(enum.StrEnum):
    OBSERVE = "observe"
    ENFORCE = "enforce"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one call; released only after its entry was committed (I1)."""

    id: str
    effect: Effect
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    remedy: Remedy | None = None
    mode: Mode = Mode.ENFORCE
    would: Effect | None = None  # in observe: what enforce would answer
    token: IssuedToken | None = None
    digest: str = ""  # the call's; "" when it was refused before it could be described
    policy: str = ""  # version of the policy set
    mission: str | None = None
    call_id: str = ""
    approval: str | None = None  # id of the access request that was opened for an ask, or consumed by a permit
    canonical: bytes = b""  # what is forwarded on a permit
    micros: float = 0.0  # what steps 2 to 9 took, without the wait for the commit
    seq: int = -1  # number of its entry in the log
