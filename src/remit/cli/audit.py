"""`remit audit`: prove the log without believing the server, and read what it holds."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from remit.cli import output
from remit.cli.errors import NO
from remit.cli.missions import path_segment
from remit.cli.session import AsJson, Session, command
from remit.cli.text import cell
from remit.terms import DEFAULT_TENANT, InvalidInput

app = typer.Typer(help="The log: verify offline, show, export.", no_args_is_help=True)

PAGE = 500
MAX_KEY = 1000  # characters of a verifier key


@app.command("verify")
def verify(
    directory: Annotated[Path, typer.Argument(help="Remit's directory, or a copy of its log.")],
    key: Annotated[str, typer.Option(help="The public key that `remit audit key` printed, or a file with it.")],
    since: Annotated[Path | None, typer.Option(help="An earlier checkpoint, to find truncation with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole log offline; exit 1 with file and entries named if anything is wrong."""
    from remit.audit import verify as prove
    from remit.cli.offline import STORE
    from remit.storage import read_only

    if not directory.is_dir():
        raise InvalidInput(f"expected {directory} to be a directory with a log")
    rows = read_only(directory / STORE) if (directory / STORE).is_file() else None
    try:
        report = prove(directory, _verifier_key(key), since=since, rows=rows)
    finally:
        if rows is not None:
            rows.close()
    if as_json:
        output.print_json({"ok": report.ok, **msgspec.to_builtins(report)})
    else:
        output.show(*_report(report))
    if not report.ok:
        raise typer.Exit(NO)


@app.command("key")
def key(directory: Annotated[Path, typer.Argument(help="Remit's directory.")]) -> None:
    """Print the log's public key: give it to auditors by another way than the log."""
    from remit.assembly import load_settings
    from remit.audit import Verifier, log_origin
    from remit.keys import KeyDirectory

    settings = load_settings(directory)
    private = KeyDirectory.open(directory / "keys").log_private
    print(Verifier.of(log_origin(settings.log_origin, DEFAULT_TENANT), private.public_key()))


@command(app, "show")
def show(
    remit: Session, id: Annotated[str, typer.Argument(metavar="ID", help="Of a decision, mission, agent…")]
) -> None:
    """Everything on record about one thing."""
    remit.answer(remit.get(f"/v1/records/{path_segment(id)}"), _recorded)


@command(app, "export")
def export(
    remit: Session,
    start: Annotated[int, typer.Option(help="First entry; a negative number counts from the end.")] = 0,
    limit: Annotated[int | None, typer.Option(help="At most this many.", min=1)] = None,
    out: Annotated[Path | None, typer.Option(help="A new file, instead of standard output.")] = None,
) -> None:
    """Write entries as JSON lines."""
    entries = _entries(remit, start, limit)
    if out is None:
        for entry in entries:
            output.print_line(entry)
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInput(f"expected --out to name a new file: {error.strerror}") from None
    count = 0
    with os.fdopen(handle, "wb") as file:
        for entry in entries:
            file.write(output.one_line(entry).encode() + b"\n")
            count += 1
    print(f"{count} entries in {out}", file=sys.stderr)


def _entries(remit: Session, start: int, limit: int | None) -> Iterator[dict[str, Any]]:
    size = remit.get("/v1/entries", start=0, limit=1)["size"]  # what is written while we read is for the next export
    first = max(0, size + start) if start < 0 else start
    end = size if limit is None else min(size, first + limit)
    while first < end:
        page = remit.get("/v1/entries", start=first, limit=min(PAGE, end - first))["entries"]
        if not page:
            return
        yield from page
        first += len(page)


def _verifier_key(given: str) -> str:
    """The key itself, or what the file of that name holds."""
    if "+" in given:  # every verifier key has one, `<name>+<id>+<key>`
        return given
    try:
        with Path(given).open(encoding="utf-8") as file:
            return file.read(MAX_KEY).strip()
    except (OSError, ValueError):
        raise InvalidInput("expected --key to be what `remit audit key` printed, or a file with it") from None


def _report(report: Any) -> list[Any]:
    parts: list[Any] = [cell(f"{report.log}: {problem}", "red", 2000) for problem in report.problems]
    if not report.complete:
        parts.append(Text("there is more that is wrong; this is where it stopped", "red"))
    if report.ok:
        proven = f"{report.size} entries, every tile and the signed checkpoint of {report.origin} are intact"
        parts.append(cell(proven, "green", 2000))
        if report.since is not None:
            parts.append(Text(f"it extends the earlier checkpoint of {report.since} entries", "green"))
        if report.rows is not None:
            parts.append(Text(f"the store holds the same entries, and {report.pending} that no checkpoint covers yet"))
    else:
        parts.append(Text("not verified: compare with your earlier checkpoint and a backup", "red bold"))
    return parts


def _recorded(value: dict[str, Any]) -> list[Any]:
    parts: list[Any] = []
    for entry in value["entries"]:
        head = f"entry {entry['seq']}  {entry['kind']}  {output.moment(entry['time'])}  by {entry['actor']}"
        parts += [cell(head, "bold"), output.fields((name, _flat(item)) for name, item in entry["facts"].items())]
    for name in ("call", "result"):
        if value.get(name):
            parts += [Text(name, "bold"), output.fields((key, _flat(item)) for key, item in value[name].items())]
    return parts


def _flat(value: Any) -> Any:
    return value if isinstance(value, str) or value is None else output.one_line(value)
