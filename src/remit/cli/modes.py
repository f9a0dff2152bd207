"""`remit modes`: what is observed instead of enforced, until when, and who agreed."""

from typing import Annotated, Any

import typer

from remit.cli import output
from remit.cli.session import Session, command, group
from remit.cli.text import plain
from remit.terms import Mode, NotFound

app = group("Modes: observe something for a while, or enforce.")

What = Annotated[str, typer.Argument(metavar="WHAT", help="agent:ID, server:ID or tool:SERVER/TOOL.")]
Why = Annotated[str, typer.Option(help="Why: goes on record.")]


@command(app, "list")
def list_modes(remit: Session) -> None:
    """All rules; without one that is in force, everything is enforced."""

    def render(value: Any) -> Any:
        rows = [_row(one) for one in value["modes"]]
        columns = ("what", "mode", "in force", "until", "asked for by", "confirmed by", "cause")
        return output.table(columns, rows, empty="no rules: everything is enforced")

    remit.answer(remit.get("/v1/modes"), render)


@command(app, "set")
def set_mode(
    remit: Session,
    what: What,
    mode: Annotated[Mode, typer.Argument(help="observe or enforce.")],
    hours: Annotated[float | None, typer.Option(help="For how long; observe needs it.", min=0.001)] = None,
    cause: Why = "",
) -> None:
    """Ask for a mode. Enforce counts at once; observe waits until another operator confirms it."""
    lifetime = None if hours is None else max(1, round(hours * 3600))
    body = {"id": what, "mode": mode.value, "lifetime_seconds": lifetime, "cause": cause}
    remit.answer(remit.post("/v1/modes", body), _shown)


@command(app, "confirm")
def confirm(
    remit: Session,
    what: What,
    version: Annotated[int | None, typer.Option(help="Only if the rule is still at this version.")] = None,
) -> None:
    """Agree to a rule that another operator asked for. Prints the rule that it confirmed."""
    if version is None:
        found = [one["rule"] for one in remit.get("/v1/modes")["modes"] if one["rule"]["id"] == what]
        if not found:
            raise NotFound("there is no such rule; `remit modes list` lists them")
        version = found[0]["version"]
    remit.answer(remit.post("/v1/modes/confirm", {"id": what, "version": version}), _shown)


@command(app, "clear")
def clear(remit: Session, what: What, cause: Why = "") -> None:
    """End a rule now."""
    remit.answer(remit.post("/v1/modes/clear", {"id": what, "cause": cause}), _shown)


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    rule = one["rule"]
    return (
        rule["id"],
        rule["mode"],
        _standing(one),
        output.moment(rule["expires"]),
        rule["by"],
        rule["confirmed_by"],
        rule["cause"],
    )


def _standing(one: dict[str, Any]) -> str:
    if one["in_force"]:
        return "yes"
    return "no" if one["rule"]["confirmed_by"] or one["rule"]["mode"] == "enforce" else "not confirmed, or over"


def _shown(one: dict[str, Any]) -> str:
    rule = one["rule"]
    until = f"until {output.moment(rule['expires'])}"
    if one["in_force"]:
        return f"{plain(rule['id'])}: {rule['mode']} {until}"
    if rule["mode"] == "observe":
        wanted = f"`remit modes confirm {plain(rule['id'])}`"
        return f"{plain(rule['id'])}: enforced until another operator agrees to observe ({until}): {wanted}"
    return f"{plain(rule['id'])}: no rule is in force, so it is enforced"
