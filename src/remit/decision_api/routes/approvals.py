"""Access requests: what waits for a person, and the person's answer."""

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from remit.approvals import missing
from remit.decision_api.asking import Asking
from remit.decision_api.bodies import ApprovalAnswer, ApprovalChange, ApprovalDetails, ApprovalList
from remit.terms import ApprovalState


@get("/approvals", summary="List access requests, newest first", tags=["approvals"])
async def list_approvals(
    request: Asking, only: Annotated[ApprovalState | None, QueryParameter(name="state")] = None
) -> ApprovalList:
    return ApprovalList(approvals=request.desks.requests.list(request.by, only))


@get("/approvals/{id:str}", summary="One access request", tags=["approvals"])
async def get_approval(request: Asking, id: FromPath[str]) -> ApprovalDetails:
    shown = request.desks.requests.show(request.by, id)
    return ApprovalDetails(
        approval=shown.approval,
        missing=shown.missing,
        call=shown.call,
        goal=shown.goal,
        justification=shown.justification,
    )


@post("/approvals/{id:str}/answer", status_code=200, summary="Approve, deny or cancel", tags=["approvals"])
async def answer_approval(request: Asking, id: FromPath[str], data: JSONBody[ApprovalChange]) -> ApprovalAnswer:
    """An approval never permits by itself: the enforcement point asks again with its id, and policy decides. Where
    several operators are needed, the request stays pending until the last of them approved; one denial is final."""
    answered = await request.desks.requests.answer(request.by, id, ApprovalState(data.state), data.cause)
    return ApprovalAnswer(approval=answered, missing=missing(answered))


HANDLERS = [list_approvals, get_approval, answer_approval]
