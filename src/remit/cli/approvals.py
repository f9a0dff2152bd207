"""`remit approvals`: what waits for a person, and answering it."""

from typing import Annotated, Any

import typer

from remit.cli import output
from remit.cli.missions import path_segment
from remit.cli.session import Session, command
from remit.cli.text import listed

app = typer.Typer(help="Access requests: list, show with their evidence, answer.", no_args_is_help=True)

ApprovalId = Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id.")]


@command(app, "list")
def list_approvals(
    remit: Session,
    state: Annotated[
        str, typer.Option(help="pending, approved, denied, cancelled, expired, consumed; or all.")
    ] = "pending",
) -> None:
    """Requests that wait for an answer."""
    value = remit.get("/v1/approvals", state=None if state == "all" else state)

    def render(value: Any) -> Any:
        rows = [
            (
                one["id"],
                output.state(one["state"]),
                one["agent"],
                one["tool"],
                listed(one["groups"]),
                output.moment(one["expires"]),
                one["by"],
            )
            for one in value["approvals"]
        ]
        columns = ("request", "state", "agent", "tool", "may be answered by", "expires", "answered by")
        return output.table(columns, rows, empty="nothing waits")

    remit.answer(value, render)


@command(app, "show")
def show_approval(remit: Session, request: ApprovalId) -> None:
    """One request; `remit why DECISION` has the arguments and the evidence."""
    remit.answer(_one(remit.get(f"/v1/approvals/{path_segment(request)}")), _shown)


def _answer(name: str, state: str, about: str) -> None:
    def answer(
        remit: Session, request: ApprovalId, cause: Annotated[str, typer.Option(help="Why: goes on record.")] = ""
    ) -> None:
        body = {"state": state, "cause": cause}
        remit.answer(_one(remit.post(f"/v1/approvals/{path_segment(request)}/answer", body)), _shown)

    answer.__doc__ = about
    command(app, name)(answer)


_answer("approve", "approved", "Allow exactly this call, once, while the evidence stands.")
_answer("deny", "denied", "Refuse it.")
_answer("cancel", "cancelled", "Take the request back.")


def _one(value: dict[str, Any]) -> Any:
    return value.get("approval", value)


def _shown(one: dict[str, Any]) -> Any:
    return output.fields(
        (
            ("request", one["id"]),
            ("state", output.state(one["state"])),
            ("agent", one["agent"]),
            ("instance", one["instance"]),
            ("mission", one["mission"]),
            ("tool", one["tool"]),
            ("decision", one["decision"]),
            ("digest", one["digest"]),
            ("may be answered by", listed(one["groups"])),
            ("opened", output.moment(one["opened"])),
            ("expires", output.moment(one["expires"])),
            ("answered by", one["by"]),
            ("cause", one["cause"]),
        )
    )
