"""`remit missions`: purpose-bound pieces of work, what their goals were compiled into, and ending them."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from remit.cli import output
from remit.cli.session import Session, command, group
from remit.cli.text import listed
from remit.terms import InvalidInput, OperationClass, parse

app = group("Missions: open, show with their authority, end.")

MissionId = Annotated[str, typer.Argument(metavar="MISSION", help="The mission's id.")]
Agent = Annotated[str, typer.Option(help="The agent that acts.")]
Instance = Annotated[str | None, typer.Option(help="Bind it to one instance.")]
Classes = Annotated[list[OperationClass] | None, typer.Option("--class", help="Allow only this class; repeatable.")]
Servers = Annotated[list[str] | None, typer.Option("--server", help="Allow only this server; repeatable.")]
ToolIds = Annotated[list[str] | None, typer.Option("--tool", help="Allow only SERVER/TOOL; repeatable.")]
Sinks = Annotated[list[str] | None, typer.Option("--sink", help="Data may go only here; repeatable.")]
AskAbove = Annotated[float | None, typer.Option(help="A transfer of more than this asks a person.")]
Calls = Annotated[int | None, typer.Option(help="At most this many calls.")]
Amount = Annotated[float | None, typer.Option(help="At most this much money, over all transfers.")]
Records = Annotated[int | None, typer.Option(help="At most this many records.")]
Lifetime = Annotated[str | None, typer.Option(help="How long it may live: 90s, 30m, 8h, 2d.")]

Authority = Annotated[
    Path | None,
    typer.Option(help="A JSON file with `authorization_details` in place of what the goal is compiled into."),
]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str | None) -> int | None:
    """A duration as people write it. Raises `InvalidInput`."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,9})([smhd]?)", text.strip())
    if match is None or int(match[1]) == 0:
        raise InvalidInput(f"expected a lifetime as 90s, 30m, 8h or 2d, got {text[:40]!r}")
    return int(match[1]) * _UNITS[match[2]]


@command(app, "list")
def list_missions(
    remit: Session, state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None
) -> None:
    """All missions, newest first."""
    value = remit.get("/v1/missions")
    if state is not None:
        value = {"missions": [one for one in value["missions"] if one["state"] == state]}

    def render(value: Any) -> Any:
        rows = [
            (
                one["id"],
                output.state(one["state"]),
                one["agent"],
                one["purpose"],
                one["subject"],
                output.moment(one["expires"]),
                one["cause"],
            )
            for one in value["missions"]
        ]
        columns = ("mission", "state", "agent", "purpose", "for", "expires", "cause")
        return output.table(columns, rows, empty="no missions: `remit missions open --agent A --purpose P --goal G`")

    remit.answer(value, render)


@command(app, "show")
def show_mission(remit: Session, mission: MissionId) -> None:
    """One mission: its goal, and the authority that the goal was compiled into."""
    remit.answer(remit.get(f"/v1/missions/{path_segment(mission)}"), _shown)


@command(app, "open")
def open_mission(
    remit: Session,
    agent: Agent,
    purpose: Annotated[str, typer.Option(help="A purpose of remit.toml.")],
    goal: Annotated[str, typer.Option(help="What was asked, in the asker's own words.")],
    subject: Annotated[str | None, typer.Option("--for", help="For whom, as user:greta.")] = None,
    channel: Annotated[str | None, typer.Option(help="How the asker asked.")] = None,
    instance: Instance = None,
    classes: Classes = None,
    servers: Servers = None,
    tools: ToolIds = None,
    sinks: Sinks = None,
    ask_above: AskAbove = None,
    calls: Calls = None,
    amount: Amount = None,
    records: Records = None,
    lifetime: Lifetime = None,
    authority: Authority = None,
) -> None:
    """Open a mission; you vouch for its goal. Bounds and budgets only narrow what the purpose allows."""
    body = {
        "agent": agent,
        "purpose": purpose,
        "goal": goal,
        "subject": subject,
        "channel": channel,
        "instance": instance,
        "bounds": _bounds(classes, servers, tools, sinks, ask_above),
        "budget": _given(calls=calls, amount=amount, records=records),
        "lifetime_seconds": seconds(lifetime),
        "authorization_details": _details(authority),
    }
    remit.answer(remit.post("/v1/missions", body), _shown)


@command(app, "explain")
def explain_goal(
    remit: Session,
    purpose: Annotated[str, typer.Option(help="A purpose of remit.toml.")],
    goal: Annotated[str, typer.Option(help="What was asked, in the asker's own words.")],
    authority: Authority = None,
) -> None:
    """What a goal would license, before you vouch for it. Correct its --json and give it to `open --authority`."""
    body = {"purpose": purpose, "goal": goal, "authorization_details": _details(authority)}

    def render(value: Any) -> Any:
        unsure = value["unsure"]
        hint = f"{unsure} of these are unsure: look at them" if unsure else "all of these are sure"
        return (_authority(value["authorization_details"]), output.fields((("read by", value["compiler"]), ("", hint))))

    remit.answer(remit.post("/v1/missions/explain", body), render)


@command(app, "derive")
def derive_mission(
    remit: Session,
    mission: MissionId,
    agent: Agent,
    instance: Instance = None,
    classes: Classes = None,
    servers: Servers = None,
    tools: ToolIds = None,
    sinks: Sinks = None,
    ask_above: AskAbove = None,
    calls: Calls = None,
    amount: Amount = None,
    records: Records = None,
    lifetime: Lifetime = None,
) -> None:
    """A narrower mission under another: same goal and voucher, never more than the parent."""
    body = {
        "agent": agent,
        "instance": instance,
        "bounds": _bounds(classes, servers, tools, sinks, ask_above),
        "budget": _given(calls=calls, amount=amount, records=records),
        "lifetime_seconds": seconds(lifetime),
    }
    remit.answer(remit.post(f"/v1/missions/{path_segment(mission)}/derive", body), _shown)


def _change(name: str, state: str, about: str) -> None:
    def change(
        remit: Session, mission: MissionId, cause: Annotated[str, typer.Option(help="Why: goes on record.")] = ""
    ) -> None:
        value = remit.post(f"/v1/missions/{path_segment(mission)}/state", {"state": state, "cause": cause})
        remit.answer(value, _shown)

    change.__doc__ = about
    command(app, name)(change)


_change("complete", "completed", "The work is done: nothing more is permitted under it.")
_change("suspend", "suspended", "Hold a mission; it can resume.")
_change("resume", "active", "Let a suspended mission go on.")
_change("revoke", "revoked", "Take a mission back at once, with all that derives from it.")


def path_segment(id: str) -> str:
    """An id that Remit made, as one segment of a path; anything else is nobody's id."""
    if not re.fullmatch(r"[A-Za-z0-9_:~-]{1,200}", id):
        raise InvalidInput(f"expected an id as Remit shows it, got {id[:60]!r}")
    return id


def _details(path: Path | None) -> list[Any] | None:
    """The details in a file: a list, or an object that holds it as `explain --json` prints it."""
    if path is None:
        return None
    try:
        value = parse(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"expected to read {path}: {error.strerror}") from None
    found = value.get("authorization_details") if isinstance(value, dict) else value
    if not isinstance(found, list):
        raise InvalidInput(f"expected {path} to hold `authorization_details`, as `missions explain --json` prints them")
    return found


def _given(**values: Any) -> dict[str, Any] | None:
    found = {name: value for name, value in values.items() if value is not None}
    return found or None


def _bounds(
    classes: list[OperationClass] | None,
    servers: list[str] | None,
    tools: list[str] | None,
    sinks: list[str] | None,
    ask_above: float | None,
) -> dict[str, Any] | None:
    return _given(
        classes=[item.value for item in classes] if classes else None,
        servers=servers or None,
        tools=tools or None,
        sinks=sinks or None,
        ask_above=ask_above,
    )


def _shown(value: dict[str, Any]) -> Any:
    mission = value["mission"]
    voucher = mission["voucher"]
    head = output.fields(
        (
            ("mission", mission["id"]),
            ("state", output.state(mission["state"])),
            ("cause", mission["cause"]),
            ("agent", mission["agent"]),
            ("instance", mission["instance"]),
            ("for", mission["subject"]),
            ("purpose", mission["purpose"]),
            ("goal", value.get("goal") if value.get("goal") is not None else "(erased)"),
            ("vouched by", f"{voucher['kind']} {voucher['by']} ({voucher['channel'] or 'no channel'})"),
            ("bounds", _limits(mission["bounds"])),
            ("budget", _limits(mission["budget"])),
            ("parent", mission["parent"]),
            ("opened", output.moment(mission["opened"])),
            ("expires", output.moment(mission["expires"])),
            ("authority", mission["authority_hash"]),
        )
    )
    details = value.get("authorization_details")
    return (head,) if details is None else (head, _authority(details))


def _limits(limits: dict[str, Any]) -> str:
    parts = []
    for name, value in limits.items():
        if value is None or name == "confidentiality":
            continue
        parts.append(f"{name.replace('_', ' ')}: {listed(value, 'none') if isinstance(value, list) else value}")
    return "; ".join(parts)


def _authority(details: list[dict[str, Any]]) -> Any:
    rows = [
        (
            f"not {listed(grant['actions'])}" if grant.get("forbids") else listed(grant["actions"]),
            listed(grant["datatypes"], "any"),
            listed(grant["identifiers"], "any"),
            listed([*grant["sinks"], *grant["amounts"]]),
            listed(grant["sources"]),
            "yes" if grant["sure"] else "no",
            grant["quote"],
        )
        for grant in details
    ]
    columns = ("may", "what", "which", "to / amounts", "as told by", "sure", "because of")
    return output.table(columns, rows, empty="the goal licenses nothing by itself: policy decides what it may do")
