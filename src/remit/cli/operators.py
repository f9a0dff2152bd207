"""`remit operators`, `remit points`, `remit keys`: who may run Remit, who may ask it, and with which keys."""

from typing import Annotated, Any

import typer

from remit.cli import output, token_keys
from remit.cli.missions import path_segment
from remit.cli.session import Session, command, group
from remit.cli.text import listed, plain
from remit.terms import HolderKind, Role

operators = group("People who run, approve or audit.")
points = group("Enforcement points: gateways and services that ask for decisions.")
keys = group("Access keys: list, add, revoke.")

Operator = Annotated[str, typer.Argument(metavar="OPERATOR", help="The operator's id.")]
Cause = Annotated[str, typer.Option("--cause", help="Why: goes on record.")]


@command(operators, "list")
def list_operators(remit: Session) -> None:
    """All operators with their roles and groups."""

    remit.answer(remit.get("/v1/operators"), lambda value: _operators(value["operators"]))


@command(operators, "add")
def add_operator(
    remit: Session,
    operator: Annotated[str, typer.Argument(help="The new operator's id.")],
    role: Annotated[list[Role], typer.Option(help="A role; may be repeated.")],
    group: Annotated[list[str] | None, typer.Option(help="A group of remit.toml; may be repeated.")] = None,
) -> None:
    """Add an operator; the key is shown once."""
    body = {"id": operator, "roles": [item.value for item in role], "groups": group or None}
    remit.answer(remit.post("/v1/operators", body), lambda value: _key("operator", operator, value))


@command(operators, "change")
def change_operator(
    remit: Session,
    operator: Operator,
    role: Annotated[list[Role] | None, typer.Option(help="The roles from now on; may be repeated.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="The groups from now on; may be repeated.")] = None,
    no_groups: Annotated[bool, typer.Option("--no-groups", help="No groups from now on.")] = False,
) -> None:
    """Give another operator other roles or groups; approvals that rested on what is taken away are cancelled."""
    groups: list[str] | None = [] if no_groups else group or None
    body = {"id": operator, "roles": [item.value for item in role] if role else None, "groups": groups}
    value = remit.post("/v1/operators/change", body)
    remit.answer(value, lambda value: _operators([value["operator"]]))


@command(operators, "deactivate")
def deactivate_operator(remit: Session, operator: Operator, cause: Cause) -> None:
    """End an operator for good: the keys stop at once, approvals not yet used are cancelled."""
    body = {"kind": "operator", "id": operator, "cause": cause}
    remit.answer(remit.post("/v1/revoke", body), lambda _: f"operator {plain(operator)} is deactivated")


@command(points, "list")
def list_points(remit: Session) -> None:
    """All enforcement points with what they guard."""

    def render(value: Any) -> Any:
        rows = [
            (one["id"], listed(one["servers"]), listed(one["subjects"]), "yes" if one["active"] else "no")
            for one in value["points"]
        ]
        return output.table(("point", "servers", "may speak for", "active"), rows, empty="no enforcement points")

    remit.answer(remit.get("/v1/points"), render)


@command(points, "add")
def add_point(
    remit: Session,
    point: Annotated[str, typer.Argument(help="The new enforcement point's id.")],
    server: Annotated[list[str], typer.Option(help="A server that it guards, or *; may be repeated.")],
    subject: Annotated[list[str] | None, typer.Option(help="A subject type it may speak for; may be repeated.")] = None,
) -> None:
    """Add an enforcement point; its key is shown once."""
    body = {"id": point, "servers": server, "subjects": subject or None}
    remit.answer(remit.post("/v1/points", body), lambda value: _key("enforcement point", point, value))


@command(points, "deactivate")
def deactivate_point(
    remit: Session,
    point: Annotated[str, typer.Argument(metavar="POINT", help="The enforcement point's id.")],
    cause: Cause,
) -> None:
    """End an enforcement point for good: its keys stop at once."""
    body = {"kind": "point", "id": point, "cause": cause}
    remit.answer(remit.post("/v1/revoke", body), lambda _: f"enforcement point {plain(point)} is deactivated")


@command(keys, "list")
def list_keys(remit: Session) -> None:
    """All keys, without their secrets."""

    def render(value: Any) -> Any:
        rows = [
            (
                one["id"],
                one["kind"],
                one["holder"],
                output.moment(one["created"]),
                output.state("revoked" if one["revoked"] else "active"),
                one["cause"],
            )
            for one in value["keys"]
        ]
        return output.table(("key", "kind", "holder", "since", "state", "cause"), rows, empty="no keys")

    remit.answer(remit.get("/v1/keys"), render)


@command(keys, "add")
def add_key(
    remit: Session,
    kind: Annotated[HolderKind, typer.Argument(help="Whose kind of key.")],
    holder: Annotated[str, typer.Argument(help="The id of the operator, agent or point.")],
) -> None:
    """A further key for a holder that exists; it is shown once."""
    value = remit.post("/v1/keys", {"kind": kind.value, "holder": holder})
    remit.answer(value, lambda value: _key(kind.value, holder, value))


@command(keys, "revoke")
def revoke_key(
    remit: Session, key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, not its secret.")]
) -> None:
    """Revoke a key, at once and for good. `remit revoke key` puts on record why."""
    path = f"/v1/keys/{path_segment(key_id)}/revoke"
    remit.answer(remit.post(path) or {"revoked": key_id}, lambda _: f"key {plain(key_id)} is revoked")


def _operators(found: list[dict[str, Any]]) -> Any:
    rows = [(one["id"], listed(one["roles"]), listed(one["groups"]), "yes" if one["active"] else "no") for one in found]
    return output.table(("operator", "roles", "groups", "active"), rows, empty="no operators")


def _key(kind: str, holder: str, value: dict[str, Any]) -> str:
    return f"{kind} {plain(holder)}\nkey, shown this once: {plain(value['key'])}"


token_keys.register(keys)
