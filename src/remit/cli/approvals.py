"""`remit approvals`: what waits for a person, and answering it.

Whoever approves has to see exactly what would be done. All of it was written by agents and tools: it is shown escaped
(`text`), each argument on a line of its own under a heading of ours, and said so where something is cut.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from remit.cli import output
from remit.cli.missions import path_segment
from remit.cli.session import Session, command, group
from remit.cli.text import cell, listed, plain

app = group("Access requests: list, show with their evidence, answer.")

ApprovalId = Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id.")]

ARGUMENT = 2000  # characters of one argument; what is longer says so, and `--json` has the whole
QUOTE = 600


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
                _who(one),
                _votes(one),
                output.moment(one["expires"]),
                one["by"],
            )
            for one in value["approvals"]
        ]
        columns = ("request", "state", "agent", "tool", "may be answered by", "votes", "expires", "answered by")
        return output.table(columns, rows, empty="nothing waits")

    remit.answer(value, render)


@command(app, "show")
def show_approval(remit: Session, request: ApprovalId) -> None:
    """One request: exactly what would be done, on what evidence, who has approved and what is missing."""
    remit.answer(remit.get(f"/v1/approvals/{path_segment(request)}"), lambda value: list(shown(value)))


def _answer(name: str, state: str, about: str) -> None:
    def answer(
        remit: Session, request: ApprovalId, cause: Annotated[str, typer.Option(help="Why: goes on record.")] = ""
    ) -> None:
        body = {"state": state, "cause": cause}
        value = remit.post(f"/v1/approvals/{path_segment(request)}/answer", body)
        remit.answer(value, lambda value: _request(value["approval"], value["missing"]))

    answer.__doc__ = about
    command(app, name)(answer)


_answer("approve", "approved", "Allow exactly this call, once, while the evidence stands.")
_answer("deny", "denied", "Refuse it; that is final.")
_answer("cancel", "cancelled", "Take the request back.")


def shown(value: dict[str, Any]) -> Iterator[Any]:
    """A request for people, in the order in which they have to judge it."""
    one, call = value["approval"], value["call"]
    yield Text.assemble(output.state(one["state"]), "  ", cell(one["tool"], "bold"), "  ", cell(one["id"], "dim"))
    yield _request(one, value["missing"])
    if value["goal"] is not None:
        yield Text("goal", "bold")
        yield _indented(cell(value["goal"], limit=ARGUMENT))
    if value["justification"] is not None:
        yield Text("the requester says", "bold")
        yield _indented(Text.assemble("“", cell(value["justification"], "italic", ARGUMENT), "”"))
    if call is None:
        yield Text("arguments and evidence: erased, or not for your role", "yellow")
        return
    yield Text("would be called with", "bold")
    for name, argument in call["arguments"].items():
        yield _indented(_argument(name, argument))
    if not call["arguments"]:
        yield _indented(Text("no arguments", "dim"))
    yield Text("because", "bold")
    for reason in call["reasons"]:
        yield _indented(Text.assemble(cell(reason["code"], "cyan"), "  ", cell(reason["message"], limit=ARGUMENT)))
    yield Text("evidence", "bold")
    for finding in call["findings"]:
        yield from _finding(finding)


def _request(one: dict[str, Any], missing: int) -> Any:
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
            ("may be answered by", _who(one)),
            ("approved so far by", listed(one["votes"], "")),
            ("missing", f"{missing} of {_needed(one)}" if missing else ""),
            ("requested by", one["requester"]),
            ("opened", output.moment(one["opened"])),
            ("expires", output.moment(one["expires"])),
            ("answered", output.moment(one["answered"]) if one["answered"] else ""),
            ("answered by", one["by"]),
            ("cause", one["cause"]),
        )
    )


def _who(one: dict[str, Any]) -> str:
    return " and ".join(plain(group, 80) for group in one["groups"]) if one["together"] else listed(one["groups"])


def _needed(one: dict[str, Any]) -> int:
    return int(max(one["needed"], len(one["votes"]) + 1 if one["together"] else 1))


def _votes(one: dict[str, Any]) -> str:
    return f"{len(one['votes'])} of {one['needed']}"


def _argument(name: object, argument: object) -> Text:
    text = argument if isinstance(argument, str) else output.one_line(argument)
    cut = len(text) - ARGUMENT
    shown = Text.assemble(cell(name, "bold"), " = ", cell(text, limit=ARGUMENT))
    if cut > 0:
        shown.append(f"  [{cut} more characters; --json has them all]", "red")
    return shown


def _finding(finding: dict[str, Any]) -> Iterator[Any]:
    head = Text.assemble(cell(finding["kind"]), " ", cell(finding["verdict"], "bold"), "  ")
    yield _indented(head.append_text(cell(finding["message"], limit=ARGUMENT)))
    for rests in finding["rests_on"]:
        where = " ".join(part for part in (rests["what"], rests["source"], rests["where"]) if part)
        yield _indented(cell(where, "dim", QUOTE), 4)
        if rests["quote"]:
            yield _indented(Text.assemble("“", cell(rests["quote"], "italic", QUOTE), "”"), 6)


def _indented(text: Text, left: int = 2) -> Padding:
    return Padding(text, (0, 0, 0, left), expand=False)
