"""Operators, enforcement points and keys. A key is shown in one answer and never again."""

from litestar import get, post
from litestar.params import FromPath, JSONBody

from remit.decision_api.asking import Asking
from remit.decision_api.bodies import (
    ChangedOperator,
    KeyAnswer,
    KeyList,
    KeySecret,
    NewKey,
    NewOperator,
    NewPoint,
    OperatorAnswer,
    OperatorChange,
    OperatorList,
    PointAnswer,
    PointList,
    key_view,
)


@get("/operators", summary="List operators", tags=["access"])
async def list_operators(request: Asking) -> OperatorList:
    return OperatorList(operators=request.desks.access.operators(request.by))


@post("/operators", summary="Add an operator", tags=["access"])
async def add_operator(request: Asking, data: JSONBody[NewOperator]) -> OperatorAnswer:
    record, key = await request.desks.access.add_operator(request.by, data.id, roles=data.roles, groups=data.groups)
    return OperatorAnswer(operator=record, key=key)


@post("/operators/change", status_code=200, summary="Give an operator other roles or groups", tags=["access"])
async def change_operator(request: Asking, data: JSONBody[OperatorChange]) -> ChangedOperator:
    """Counts at once. Approvals that rested on what was taken away are cancelled; nobody changes themselves."""
    changed = await request.desks.access.change_operator(request.by, data.id, roles=data.roles, groups=data.groups)
    return ChangedOperator(operator=changed)


@get("/points", summary="List enforcement points", tags=["access"])
async def list_points(request: Asking) -> PointList:
    return PointList(points=request.desks.access.points(request.by))


@post("/points", summary="Add an enforcement point", tags=["access"])
async def add_point(request: Asking, data: JSONBody[NewPoint]) -> PointAnswer:
    record, key = await request.desks.access.add_point(
        request.by, data.id, servers=data.servers, subjects=data.subjects
    )
    return PointAnswer(point=record, key=key)


@get("/keys", summary="List keys, oldest first", tags=["access"])
async def list_keys(request: Asking) -> KeyList:
    return KeyList(keys=tuple(key_view(key) for key in request.desks.access.keys(request.by)))


@post("/keys", summary="Make a further key for a holder", tags=["access"])
async def add_key(request: Asking, data: JSONBody[NewKey]) -> KeySecret:
    return KeySecret(key=await request.desks.access.add_key(request.by, data.kind, data.holder))


@post("/keys/{id:str}/revoke", status_code=200, summary="Revoke a key, at once and for good", tags=["access"])
async def revoke_key(request: Asking, id: FromPath[str]) -> KeyAnswer:
    return KeyAnswer(key=key_view(await request.desks.access.revoke_key(request.by, id)))


HANDLERS = [
    list_operators,
    add_operator,
    change_operator,
    list_points,
    add_point,
    list_keys,
    add_key,
    revoke_key,
]
