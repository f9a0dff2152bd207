"""`remit revoke` and `remit resume`: taking anything back at once."""

from typing import Annotated, Any, Literal

import typer

from remit.cli import output
from remit.cli.session import Session, command
from remit.cli.text import plain
from remit.terms import InvalidInput

# As `administration.Revocable`, which would cost `remit --help` the loading of all rooms; a test compares them.
Kind = Literal["tenant", "agent", "instance", "mission", "token", "approval", "operator", "point", "tool", "key"]
Cause = Annotated[str, typer.Option("--cause", help="Why: goes on record.")]


def register(app: typer.Typer) -> None:
    command(app, "revoke")(revoke)
    command(app, "resume")(resume)


def revoke(
    remit: Session,
    kind: Annotated[Kind, typer.Argument(help="What kind of thing.")],
    cause: Cause,
    id: Annotated[str, typer.Argument(metavar="ID", help="Which one; not needed for the tenant.")] = "",
    quarantine: Annotated[
        bool, typer.Option(help="Only hold an agent or instance, so that it can go on later.")
    ] = False,
) -> None:
    """Take anything back, at once, with all that hangs on it."""
    if not id and kind != "tenant":
        raise InvalidInput(f"expected the id of the {kind} to revoke")
    value = remit.post("/v1/revoke", {"kind": kind, "id": id, "cause": cause, "quarantine": quarantine})
    remit.answer(value, _revoked)


def resume(
    remit: Session,
    kind: Annotated[Literal["tenant"], typer.Argument(help="What to let go on.")],
    cause: Cause,
) -> None:
    """Let a stopped tenant go on; needs another admin than who stopped it."""
    value = remit.post("/v1/resume", {"kind": kind, "cause": cause})
    remit.answer(value, lambda value: f"the tenant goes on: {plain(value['tenant']['cause'])}")


def _revoked(value: dict[str, Any]) -> Any:
    done = value["revoked"]
    return output.fields(
        (("revoked", f"{done['kind']} {done['id']}"), ("state", done["state"]), ("cause", done["cause"]))
    )
