"""AuthZEN Access Request and Approval Profile 1.0, draft 1: what a requestable denial offers, and the requests made.

A denial that a person may lift carries `context.access_request`. The enforcement point submits the very evaluation
that was denied, bound to the denial by a signed token or by the log; people answer; the enforcement point evaluates
again with `context.approval`, and the decision point decides. An approval never grants, and no task, link or text here
says more than its status. Not offered: callbacks (a task is polled), catalogs, bundles of several evaluations.
"""

import datetime
import hashlib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from remit.administration import Administration
from remit.approvals import CONTEXT, BindingKey, Bound, binding_hash, current, missing, relevant
from remit.decision_api.authzen import (
    AccessRequest,
    Action,
    ApprovalView,
    Display,
    EvaluationResponse,
    Resource,
    Subject,
    explain,
    read_request,
)
from remit.terms import (
    AgentPrincipal,
    Approval,
    ApprovalState,
    Conflict,
    Decision,
    Effect,
    Forbidden,
    InvalidInput,
    NotFound,
    OperatorPrincipal,
    Principal,
    RemitError,
    Request,
    actor_of,
    digest,
)
from remit.terms.approvals import Submission

REQUESTS = "/access/v1/requests"
REQUEST_SCHEMA = "/access-requests/schema"
JWKS = "/access-requests/jwks"  # public, as the schema: outside of /access/, where a key is needed
CAPABILITY = "urn:openid:authzen:capability:access-request"
TEMPLATE = "call-approval"  # one workflow: people of the groups that policy names approve one exact call
POLL_AFTER = 2  # seconds, in `Retry-After`
_URN = "urn:openid:authzen:access-request:error:"
_KEY = 256  # characters of an `Idempotency-Key`
_TERMINAL = {ApprovalState.CONSUMED: "approved"}  # to the profile, a used approval is an approved task


class ArapError(RemitError):
    """A problem type of the profile (section Error Responses)."""

    def __init__(self, name: str, status: int, title: str, message: str) -> None:
        super().__init__(message, code=f"remit.{name}")
        self.type = _URN + name
        self.status = status
        self.title = title


def not_requestable(message: str) -> ArapError:
    return ArapError("not_requestable", 400, "Access is not requestable", message)


def invalid_denial_binding(message: str) -> ArapError:
    return ArapError("invalid_denial_binding", 400, "The request is not bound to the denial", message)


def expired_denial() -> ArapError:
    return ArapError("expired_denial", 410, "The denial has expired", "evaluate again for a denial that is fresh")


def unknown_task() -> ArapError:
    return ArapError("unknown_task", 404, "Unknown task", "there is no such task, or it is not this caller's")


def duplicate_request(message: str) -> ArapError:
    return ArapError("duplicate_request", 409, "The Idempotency-Key was used for another request", message)


def invalid_task_state(message: str) -> ArapError:
    return ArapError("invalid_task_state", 409, "The task's state does not allow it", message)


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457. `type` is one of the profile's, else `about:blank`; `code` is Remit's own."""

    type: str
    title: str
    status: int
    detail: str
    code: str


# What is submitted.
Stamp = Annotated[str, Meta(max_length=64)]
Words = Annotated[str, Meta(max_length=2000)]


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """The denial, as its context said it. It needs the binding token or the evaluation's id."""

    expires_at: Stamp
    evaluation_id: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    binding_token: Annotated[str, Meta(max_length=4096)] | UnsetType = UNSET
    evaluated_at: Stamp | UnsetType = UNSET
    reason: Words | UnsetType = UNSET
    template: Words | UnsetType = UNSET


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    act: dict[str, Any] | UnsetType = UNSET


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who submits, as it says; only an actor that can be verified is taken."""

    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    actor: Actor | UnsetType = UNSET
    source: dict[str, Any] = {}


class AccessRequestSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """The denied evaluation and its denial. `context.business_justification` is shown to whoever approves."""

    subject: Subject
    resource: Resource
    action: Action
    context: dict[str, Any] = {}
    denial: Denial | UnsetType = UNSET
    requested_access: dict[str, Any] = {}
    client: Client | UnsetType = UNSET
    items: Any = UNSET
    callback: Any = UNSET


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    reason: Words = ""
    comment: Words = ""


# What is answered.
class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How many people it takes; never who they are."""

    current_step: int
    total_steps: int


class Task(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    status: Literal["pending", "approved", "denied", "expired", "cancelled"]
    status_endpoint: str
    expires_at: str
    display: Display
    progress: Progress | UnsetType = UNSET
    links: dict[str, str] | UnsetType = UNSET


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Completion: evaluate again with `approval`, unchanged, as `context.approval`."""

    mode: Literal["reevaluate"]
    approval: ApprovalView


class TaskAnswer(msgspec.Struct, frozen=True, kw_only=True):
    task: Task
    result: Result | UnsetType = UNSET


REQUEST_SCHEMA_DOCUMENT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "What may be added to an access request",
    "description": "Nothing has to be. Members of the denied evaluation's context stay as they were.",
    "type": "object",
    "properties": {
        "context": {
            "type": "object",
            "properties": {
                "business_justification": {
                    "type": "string",
                    "maxLength": 2000,
                    "description": "Why it is needed; shown to whoever may approve",
                }
            },
        },
        "requested_access": {"type": "object"},
    },
}


class Offers:
    """Requestable denials of one decision point, and what is submitted under them."""

    def __init__(self, url: str, binding: BindingKey, administration: Administration) -> None:
        self.url = url
        self.base = url.rstrip("/")
        self.binding = binding
        self._requests = administration.requests
        self._clock = administration.office.clock
        self._records = administration.office.records

    # On the way of a decision.
    def prepared(self, principal: Principal, request: Request) -> Request:
        """`request` with the call id of the approval that it names, if it names no other."""
        if request.approval is None or request.call_id is not None:
            return request
        call_id = self._requests.call_id(principal.tenant, request.approval)
        return request if call_id is None else msgspec.structs.replace(request, call_id=call_id)

    def answered(
        self,
        answer: EvaluationResponse,
        decision: Decision,
        principal: Principal,
        request: Request,
        value: dict[str, Any],
    ) -> EvaluationResponse:
        """`answer` with the offer of an ask, and with what became of the approval that `request` named."""
        context = answer.context
        if decision.effect is Effect.ASK and decision.approval:
            asked = self._records.approval(principal.tenant, decision.approval)
            if asked is not None:
                context = msgspec.structs.replace(
                    context, access_request=self._offer(asked, decision, value), reason="approval_required"
                )
        if request.approval is not None:
            context = self._told(context, decision, principal, request.approval)
        return answer if context is answer.context else msgspec.structs.replace(answer, context=context)

    def _offer(self, asked: Approval, decision: Decision, value: dict[str, Any]) -> AccessRequest:
        """The call id binds only if the denied evaluation named one: else its sender learns it from the denial."""
        given = value.get("context") or {}
        members = tuple(name for name in CONTEXT if name != "call_id" or name in given)
        until = stamp(asked.expires)
        claims = Bound(
            iss=self.url,
            aud=self.url,
            iat=self._clock.now() // 1000,
            exp=asked.expires // 1000,
            jti=decision.id,
            denial_expires_at=until,
            binding_context_members=members,
            binding_hash=binding_hash(value["subject"], value["resource"], value["action"], relevant(given, members)),
            evaluation_id=decision.id,
            request=asked.id,
            tenant=asked.tenant,
        )
        return AccessRequest(
            id=asked.id,
            endpoint=self.base + REQUESTS,
            template=TEMPLATE,
            expires_at=until,
            binding_token=self.binding.issue(claims),
            request_schema_url=self.base + REQUEST_SCHEMA,
            display=Display(title="A person has to approve this call", description=_wait(asked)),
        )

    def _told(self, context: Any, decision: Decision, principal: Principal, named: str) -> Any:
        """Completion Semantics: which approval a permit rests on; after a denial, why it did not hold and what next."""
        known = self._records.approval(principal.tenant, named)
        if decision.effect is Effect.PERMIT:
            if known is None or decision.approval != known.id:
                return context
            return msgspec.structs.replace(
                context, approval=ApprovalView(id=known.id, approved_until=stamp(known.expires))
            )
        if context.access_request is not UNSET:
            return msgspec.structs.replace(context, reason=self._why(known, decision), next_action="request")
        if decision.seq < 0:  # not recorded: the store cannot be written, or the state kept changing
            return msgspec.structs.replace(context, next_action="retry", retry_after=POLL_AFTER)
        return msgspec.structs.replace(context, reason=self._why(known, decision), next_action="none")

    def _why(self, known: Approval | None, decision: Decision) -> str:
        if known is None:
            return "approval_unverifiable"
        if known.digest != decision.digest:
            return "out_of_scope"
        state = current(known, self._clock.now())
        if state is ApprovalState.PENDING:
            return "approval_required"
        if state is not ApprovalState.APPROVED or known.policy != decision.policy:
            return "approval_expired"  # or used, denied, cancelled, superseded by other policies
        return "policy_denied"

    # Requests.
    async def submit(self, by: Principal, value: dict[str, Any], idempotency_key: str | None) -> Approval:
        """Take a submission in. Raises `ArapError`, `InvalidInput` and `Forbidden`."""
        if isinstance(by, OperatorPrincipal):
            raise Forbidden("access requests are submitted by agents and enforcement points, with a key of their own")
        submission = None
        if idempotency_key is not None:
            submission = _submission(by, idempotency_key, value)
            try:
                earlier = self._requests.repeated(by, submission)
            except Conflict as error:
                raise duplicate_request(error.message) from None
            if earlier is not None:
                return earlier
        asked = read_submission(value)
        request = read_request(
            {name: value[name] for name in ("subject", "resource", "action", "context") if name in value}
        )
        _require_verified_actor(asked, by)
        known = self._bound(by, value, asked)
        justification = asked.context.get("business_justification")
        if justification is not None and (not isinstance(justification, str) or len(justification) > 2000):
            raise InvalidInput("expected `context.business_justification` to be a string of at most 2000 characters")
        try:
            return await self._requests.submit(by, known, request, submission, justification)
        except (NotFound, InvalidInput) as error:
            raise invalid_denial_binding(error.message) from None

    def _bound(self, by: Principal, value: dict[str, Any], asked: AccessRequestSubmission) -> str:
        """Verify what binds the submission to a denial, in the profile's order; the id of the request that waits."""
        denial = asked.denial
        if denial is UNSET or (denial.binding_token is UNSET and denial.evaluation_id is UNSET):
            raise invalid_denial_binding(
                "expected `denial` with the `binding_token` or the `evaluation_id` of a denial"
            )
        now = self._clock.now()
        if denial.binding_token is not UNSET:
            claims = self.binding.verify(denial.binding_token, issuer=self.url, now=now)
            if isinstance(claims, str):
                raise invalid_denial_binding(claims)
            self._require_binding(by, value, asked, denial, claims)
            if now >= claims.exp * 1000:
                raise expired_denial()
            return claims.request
        return self._recorded(by, str(denial.evaluation_id), denial.expires_at, now)

    def _require_binding(
        self, by: Principal, value: dict[str, Any], asked: AccessRequestSubmission, denial: Denial, claims: Bound
    ) -> None:
        if claims.tenant != by.tenant or denial.evaluation_id not in (UNSET, claims.evaluation_id):
            raise invalid_denial_binding("the binding token is of another evaluation")
        if denial.expires_at != claims.denial_expires_at:
            raise invalid_denial_binding("expected `denial.expires_at` as the denial said it")
        given = relevant(asked.context, claims.binding_context_members)
        if binding_hash(value["subject"], value["resource"], value["action"], given) != claims.binding_hash:
            raise invalid_denial_binding(
                "expected subject, resource, action and context of the denied evaluation, unchanged"
            )

    def _recorded(self, by: Principal, evaluation: str, expires_at: str, now: int) -> str:
        """Without a token: what the log has of the evaluation."""
        try:
            id = self._requests.of_evaluation(by, evaluation)
            if id is None:
                raise not_requestable("this evaluation was no denial that a person may lift")
            known = self._requests.task(by, id)
        except NotFound:
            raise invalid_denial_binding("there is no such evaluation") from None
        if expires_at != stamp(known.expires):
            raise invalid_denial_binding("expected `denial.expires_at` as the denial said it")
        if now >= known.expires:
            raise expired_denial()
        return id

    def task(self, by: Principal, id: str) -> Approval:
        try:
            return self._requests.task(by, id)
        except NotFound:
            raise unknown_task() from None

    async def cancel(self, by: Principal, id: str, body: Cancellation) -> Approval:
        self.task(by, id)
        try:
            return await self._requests.withdraw(by, id, body.reason, body.comment or None)
        except Conflict as error:
            raise invalid_task_state(error.message) from None

    def shown(self, known: Approval) -> TaskAnswer:
        """The task of a request, and its result once it was approved."""
        status = _TERMINAL.get(known.state, known.state.value)
        endpoint = f"{self.base}{REQUESTS}/{known.id}"
        pending = known.state is ApprovalState.PENDING
        steps = len(set(known.votes)) + missing(known)
        task = Task(
            id=known.id,
            status=status,  # type: ignore[arg-type]  # the states' values are the statuses, but for `consumed`
            status_endpoint=endpoint,
            expires_at=stamp(known.expires),
            display=Display(title="Access request", description=_wait(known) if pending else f"It is {status}."),
            progress=Progress(current_step=len(set(known.votes)) + 1, total_steps=steps) if pending else UNSET,
            links={"cancel": f"{endpoint}/cancel"} if pending else UNSET,
        )
        if status != "approved":
            return TaskAnswer(task=task)
        approval = ApprovalView(
            id=known.id,
            approved_at=stamp(known.answered) if known.answered else UNSET,
            approved_until=stamp(known.expires),
        )
        return TaskAnswer(task=task, result=Result(mode="reevaluate", approval=approval))


def read_submission(value: dict[str, Any]) -> AccessRequestSubmission:
    """Raises `InvalidInput`."""
    if "items" in value:
        raise InvalidInput("expected one evaluation; submit the `items` one by one, each with its own `denial`")
    if value.get("callback") is not None:
        raise InvalidInput("callbacks are not offered: leave `callback` out and ask `task.status_endpoint`")
    try:
        return msgspec.convert(value, AccessRequestSubmission)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error)) from None


def stamp(milliseconds: int) -> str:
    """RFC 3339, in whole seconds rounded down: nobody is told a later end than the one that counts."""
    return datetime.datetime.fromtimestamp(milliseconds // 1000, tz=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _submission(by: Principal, key: str, value: dict[str, Any]) -> Submission:
    if not 0 < len(key) <= _KEY or not (key.isascii() and key.isprintable()):
        raise InvalidInput(f"expected `Idempotency-Key` to be 1 to {_KEY} printable ASCII characters")
    whose = f"{actor_of(by)}\x00{key}".encode()
    return Submission(key=hashlib.sha256(whose).hexdigest(), body=digest(value))


def _require_verified_actor(asked: AccessRequestSubmission, by: Principal) -> None:
    """Delegation: a claimed actor is taken only if the key proves it: the agent itself, or, as an enforcement point may
    say for whom it asks, the agent that is the subject. A longer chain cannot be proven here."""
    if asked.client is UNSET or asked.client.actor is UNSET:
        return
    actor = asked.client.actor
    own = by.agent if isinstance(by, AgentPrincipal) else asked.subject.id
    if actor.act is not UNSET or actor.id not in (own, actor_of(by)):
        raise Forbidden("`client.actor` is not proven by this key; leave it out, or name the agent that asks")


def _wait(known: Approval) -> str:
    """For the requester. Groups are named in the remedy, to whom policy discloses it; people never are."""
    more = missing(known)
    return "It waits for a person." if more == 1 else f"It waits for {more} people."
