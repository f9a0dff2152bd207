"""`remit status`: whether it runs, whether it can decide, and what there is."""

from typing import Any

import typer
from rich.text import Text

from remit.cli import output
from remit.cli.backend import WITHOUT_KEY, reachable
from remit.cli.errors import UNAVAILABLE
from remit.cli.session import Session, command
from remit.cli.text import cell, plain


def register(app: typer.Typer) -> None:
    """As a command of `app`."""
    command(app, "status")(status)


def status(remit: Session) -> None:
    """Say how it is; exit 3 when a server runs but cannot decide."""
    held = remit.server()
    if held is not None and remit.key is None:
        value = {"running": True, "address": held.address, "pid": held.pid or None, **reachable(held.address)}
        remit.answer(value, lambda value: (_shown(value), f"For more, {WITHOUT_KEY}."))
    else:
        running = held is not None
        where = {"address": held.address, "pid": held.pid or None} if held is not None else {}
        value = {"running": running, **where, **remit.get("/v1/status")}
        remit.answer(value, _shown)
    if value["running"] and not value["healthy"]:
        raise typer.Exit(UNAVAILABLE)


def _shown(value: dict[str, Any]) -> Any:
    running, healthy = value["running"], value["healthy"]
    state = ("ready" if healthy else "running, but cannot decide") if running else "stopped: `remit up` starts it"
    return output.fields(
        (
            ("state", cell(state, "green" if running and healthy else "yellow")),
            ("problems", "; ".join(value.get("problems") or ())),
            ("warnings", "; ".join(value.get("warnings") or ())),
            ("address", value.get("address")),
            ("process", value.get("pid")),
            ("version", value.get("version")),
            ("tenant", value.get("tenant")),
            ("mode", value.get("mode")),
            ("but observed", _observed(value.get("observing"))),
            ("policy", value.get("policy")),
            ("entries", value.get("entries")),
            ("agents", _counts(value.get("agents"))),
            ("missions", _counts(value.get("missions"))),
            ("approvals", _waiting(value.get("approvals_pending"))),
            ("turned away", _counts(value.get("turned_away"))),
            ("tokens refused", _counts(value.get("tokens_refused"))),
            ("up for", _duration(value.get("uptime_seconds")) if running else None),
            ("public url", value.get("public_url")),
            ("log", value.get("log_origin")),
        )
    )


def _observed(rules: Any) -> Text | None:
    """Each on a line of its own: what is not enforced must not be overlooked."""
    lines = [f"{plain(rule['id'])} until {output.moment(rule['expires'])}" for rule in rules or ()]
    return Text("\n".join(lines), "yellow") if lines else None


def _counts(counts: Any) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted((counts or {}).items()) if count)


def _waiting(count: Any) -> str | None:
    return f"{count} wait for a person: `remit approvals list`" if count else None


def _duration(seconds: Any) -> str | None:
    if seconds is None:
        return None
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
