"""`remit decisions`: what was decided of late, and what is being decided now.

It reads the log's entries, which hold no word of an agent's; `remit why` has those. At most `REACH` entries are looked
at: a filter that nothing matches must not walk a log of millions. What is further back is in `remit audit export`.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from rich.text import Text

from remit.cli import output
from remit.cli.audit import PAGE
from remit.cli.session import Session, command
from remit.cli.text import cell, listed, plain
from remit.terms import Effect, Unavailable

REACH = 10_000  # entries
EVERY = 1.0  # seconds between two looks at what is new

Matches = Callable[[dict[str, Any]], bool]


def register(app: typer.Typer) -> None:
    """As a command of `app`."""
    command(app, "decisions")(decisions)


def decisions(
    remit: Session,
    last: Annotated[int, typer.Option(help="How many.", min=0, max=REACH)] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new ones until Ctrl-C.")] = False,
    effect: Annotated[list[Effect] | None, typer.Option(help="Only these; repeatable.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only this agent's.")] = None,
    mission: Annotated[str | None, typer.Option(help="Only this mission's.")] = None,
) -> None:
    """List the newest decisions, or watch them. With --json --follow each is a line of JSON."""
    if follow and remit.server() is None:
        raise Unavailable("nobody serves this directory, so nothing new will be decided: start it with `remit up`")

    def matches(entry: dict[str, Any]) -> bool:
        facts = entry["facts"]
        return (
            entry["kind"] == "decision.made"
            and (not effect or facts["effect"] in effect)
            and (agent is None or facts.get("agent") == agent)
            and (mission is None or facts.get("mission") == mission)
        )

    size = remit.get("/v1/entries", start=-1, limit=1)["size"]
    found, start = _newest(remit, size, last, matches)
    if not follow:
        remit.answer({"decisions": found, "looked_at": size - start}, lambda value: _listed(value, start))
        return
    for entry in itertools.chain(found, _new(remit, size, matches)):
        if remit.as_json:
            output.print_line(entry)
        else:
            output.show(_line(entry))
        output.flush()


def _newest(remit: Session, size: int, last: int, matches: Matches) -> tuple[list[dict[str, Any]], int]:
    """The last `last` that match among the first `size` entries, oldest first; and the first entry looked at."""
    found: list[dict[str, Any]] = []
    start = size
    while start > max(0, size - REACH) and len(found) < last:
        stop, start = start, max(0, start - PAGE)
        page = remit.get("/v1/entries", start=start, limit=stop - start)["entries"]
        found = [entry for entry in page if matches(entry)] + found
    return found[len(found) - min(last, len(found)) :], start


def _new(remit: Session, start: int, matches: Matches) -> Iterator[dict[str, Any]]:
    while True:
        page = remit.get("/v1/entries", start=start, limit=PAGE)["entries"]
        yield from (entry for entry in page if matches(entry))
        start += len(page)
        if len(page) < PAGE:
            time.sleep(EVERY)


def _listed(value: dict[str, Any], start: int) -> list[Any]:
    if value["decisions"]:
        return [*map(_line, value["decisions"]), Text("`remit why DECISION` says more", "dim")]
    where = f"among the newest {value['looked_at']} entries; `remit audit export` has all" if start else "yet"
    return [Text(f"no such decision {where}", "dim")]


def _line(entry: dict[str, Any]) -> Text:
    """One decision on one line: a table of these columns would fit no terminal."""
    facts = entry["facts"]
    effect = _effect(facts)
    effect.pad_right(max(0, len(Effect.PERMIT) - len(effect)))
    rest = (facts.get("agent"), facts["resource"], listed(facts["reasons"]), facts.get("approval"))
    return Text("  ").join(
        [cell(output.moment(entry["time"]), "dim"), effect, cell(entry["id"]), *(cell(one) for one in rest if one)]
    )


def _effect(facts: dict[str, Any]) -> Text:
    """With its mode: what was only observed was let pass."""
    shown = output.state(facts["effect"])
    return shown if facts["mode"] == "enforce" else shown.append(f" ({plain(facts['mode'])})", "yellow")
