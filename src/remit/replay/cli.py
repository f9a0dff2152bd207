"""`remit replay`."""

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import httpx2
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from remit.assembly import init, open_remit
from remit.replay.data import Trace, chosen, labels, traces
from remit.replay.drive import Driver, Replayed, write_decisions
from remit.replay.scoring import Figures, score
from remit.sdk import ApiError, Client, Unreachable
from remit.terms import InvalidInput, Unavailable

# Replay asks as fast as it can, which no agent may in service.
_LIMITS = "\n[limits]\ncalls_per_minute_agent = 10_000_000\ncalls_per_minute_instance = 10_000_000\n"


def replay(
    data: Annotated[Path, typer.Argument(help="directory with traces/, tools/ and, to be scored, labels/")],
    set_: Annotated[list[str] | None, typer.Option("--set", help="only this set; repeat for more")] = None,
    directory: Annotated[Path | None, typer.Option("--dir", help="keep the Remit directory of the replay here")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
    decisions: Annotated[
        Path | None, typer.Option("--decisions", help="write the decisions here, a trace a line")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="write a report here: every call with its evidence, in one file")
    ] = None,
    url: Annotated[str | None, typer.Option("--url", help="drive this Remit (operator key in REMIT_KEY)")] = None,
    purpose: Annotated[str, typer.Option(help="purpose of the missions")] = "assist",
) -> None:
    """Decide every call of recorded agent runs, and score the decisions."""
    console = Console(stderr=True)
    for file in (json_file, decisions, html):  # now, not when everything has been decided
        if file is not None and not file.absolute().parent.is_dir():
            raise InvalidInput(f"expected a directory at {file.absolute().parent} to write {file.name} into")
    sets = {name: traces(data, name) for name in chosen(data, tuple(set_ or ()))}
    loaded = [trace for own in sets.values() for trace in own]
    known = labels(data)
    try:
        replayed = asyncio.run(_replay(data, loaded, directory, url, purpose, console, evidence=html is not None))
    except* (ApiError, Unreachable) as group:
        raise Unavailable(str(group.exceptions[0])) from None
    decided = [one.decided for one in replayed]
    if decisions is not None:
        write_decisions(decisions, decided)
    if html is not None:
        from remit.replay.report import unquoted, write_report  # here: who wants no report waits for no templates

        write_report(html, sets, replayed, known)
        if missing := unquoted(replayed):
            console.print(
                f"{missing} decisions stand in {html.name} without quotes: their records could not be read; replay "
                "again with the key of an operator who may read the record, before it is erased",
                soft_wrap=True,
                markup=False,
            )
    if not known:
        console.print(
            f"{len(decided)} traces decided; there are no labels in {data}, so nothing is scored", soft_wrap=True
        )
        return
    figures = score(decided, known)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    # On a narrow terminal the lines are folded, which is ugly, but no figure is cut.
    Console(width=max(Console().width, 150)).print(_table(figures), crop=False)


async def _replay(
    data: Path,
    loaded: list[Trace],
    directory: Path | None,
    url: str | None,
    purpose: str,
    console: Console,
    *,
    evidence: bool,
) -> list[Replayed]:
    async with _connected(directory, url) as (http, key):
        operator = Client(http, key)
        name = f"replay-{os.getpid()}-{os.urandom(3).hex()}"
        added = await operator.post("/v1/points", {"id": name, "servers": ["*"], "subjects": ["agent", "user"]})
        driver = Driver(operator, Client(http, added["key"]), purpose, evidence=evidence)
        await driver.prepare(data, loaded)
        columns = (
            TextColumn("replaying"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("calls"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("calls", total=sum(len(trace.calls) for trace in loaded))
            return await driver.run(loaded, lambda one: bar.advance(task, len(one.decisions)))


@contextlib.asynccontextmanager
async def _connected(directory: Path | None, url: str | None) -> AsyncIterator[tuple[httpx2.AsyncClient, str]]:
    """A client of the Remit at `url`, or of a new one in this process, and an operator's key for it."""
    if url is not None:
        key = os.environ.get("REMIT_KEY")
        if not key:
            raise InvalidInput("expected an operator's key (admin and approver) in the environment variable REMIT_KEY")
        async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
            yield http, key
        return
    with tempfile.TemporaryDirectory(prefix="remit-replay-") as temporary:
        place = directory if directory is not None else Path(temporary) / "remit.d"
        made = await asyncio.to_thread(init, place)
        settings = place / "remit.toml"
        settings.write_text(settings.read_text(encoding="utf-8") + _LIMITS, encoding="utf-8")
        async with open_remit(place) as remit:
            transport = httpx2.ASGITransport(app=remit.app)  # the same routes as over a socket
            async with httpx2.AsyncClient(transport=transport, base_url="http://remit.internal") as http:
                yield http, made.admin_key


def _table(figures: dict[str, Figures]) -> Table:
    columns = list(next(iter(figures.values())))
    title = "share of traces in %, times in microseconds"
    table = Table(
        title=title, title_style="dim", title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    table.add_column("set", no_wrap=True)
    for column in columns:
        table.add_column(column.replace("asks_per_100_calls", "asks/100"), justify="right")
    for name, row in figures.items():
        cells = ["-" if row[column] is None else str(row[column]) for column in columns]
        table.add_row(name, *cells, style="bold" if name in ("RESULTS", "ALL") else None)
    return table


app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.command()(replay)
