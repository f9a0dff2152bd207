"""`remit audit`: prove the log without believing the server, and read what it holds."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from remit.cli import output
from remit.cli.errors import NO
from remit.cli.missions import path_segment
from remit.cli.session import AsJson, Session, command, group
from remit.cli.text import cell, lines, plain
from remit.terms import DEFAULT_TENANT, InvalidInput

app = group("The log: verify offline, show, export.")

PAGE = 500
MAX_KEY = 1000  # characters of a verifier key
MAX_LINE = 1_000_000  # characters of a line of a proof: an entry is one


@app.command("verify")
def verify(
    directory: Annotated[Path, typer.Argument(help="Remit's directory, or a copy of its log.")],
    key: Annotated[str, typer.Option(help="The public key that `remit audit key` printed, or a file with it.")],
    since: Annotated[
        Path | None, typer.Option(help="An earlier checkpoint, or a sink's file, to find truncation with.")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="A witness's public key: it must have cosigned. May be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole log offline; exit 1 with file and entries named if anything is wrong."""
    from remit.audit import verify as prove
    from remit.cli.offline import STORE
    from remit.storage import read_only

    given = _verifier_key(key)

    if not directory.is_dir():
        raise InvalidInput(f"expected {directory} to be a directory with a log")
    rows = read_only(directory / STORE) if (directory / STORE).is_file() else None
    try:
        with _progress("verifying") as progress:
            report = prove(directory, given, since=since, rows=rows, witnesses=witness or (), progress=progress)
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
    from remit.assembly.remit import key_encryption
    from remit.audit import Verifier, log_origin
    from remit.keys import KeyDirectory

    settings = load_settings(directory)
    private = KeyDirectory.open(directory / "keys", key_encryption()).log_private
    print(Verifier.of(log_origin(settings.log_origin, DEFAULT_TENANT), private.public_key()))


@command(app, "show")
def show(
    remit: Session, id: Annotated[str, typer.Argument(metavar="ID", help="Of a decision, mission, agent…")]
) -> None:
    """Everything on record about one thing."""
    remit.answer(remit.get(f"/v1/records/{path_segment(id)}"), _recorded)


@command(app, "prove")
def prove(
    remit: Session,
    id: Annotated[str, typer.Argument(metavar="ID", help="Of a decision, mission, agent…")],
    seq: Annotated[int | None, typer.Option(help="Which entry about it, by number; the first one if left out.")] = None,
    out: Annotated[Path | None, typer.Option(help="A new file, instead of standard output.")] = None,
) -> None:
    """A proof that an entry is in the log, with the entry in it (C2SP tlog-proof)."""
    value = remit.get(f"/v1/records/{path_segment(id)}/proof", seq=seq)
    if out is None:
        remit.answer(value, lambda value: lines(value["proof"].rstrip("\n"), MAX_LINE))
        return
    with os.fdopen(_new_file(out), "wb") as file:
        file.write(value["proof"].encode())


@app.command("check")
def check(
    proof: Annotated[Path, typer.Argument(help="What `remit audit prove` wrote.")],
    key: Annotated[str, typer.Option(help="The log's public key, or a file with it.")],
    entry: Annotated[Path | None, typer.Option(help="The entry's bytes, if the proof does not hold them.")] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="A witness's public key: it must have cosigned. May be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a proof offline and print the entry that it proves; exit 1 if it proves nothing."""
    from remit.audit import Verifier, Witness, cosigned_at, decode_entry, decode_proof, verify_proof
    from remit.audit.tiles import MAX_ENTRY
    from remit.audit.tlog_proof import MAX_PROOF

    verifier = Verifier.parse(_verifier_key(key))
    witnesses = [Witness.parse(text) for text in witness or ()]
    proven_by = _read(proof, MAX_PROOF)
    given = None if entry is None else _read(entry, MAX_ENTRY)
    try:
        parts = decode_proof(proven_by)
        body = parts.extra if given is None else given
        if body is None:
            raise InvalidInput("the proof does not hold the entry: pass it with --entry")
        checkpoint = verify_proof(parts, body, verifier)
        for one in witnesses:
            if cosigned_at(parts.checkpoint, one) is None:
                raise InvalidInput(f"no cosignature of {one.name}")
        proven = msgspec.to_builtins(decode_entry(body))
    except InvalidInput as error:
        if as_json:
            output.print_json({"ok": False, "problem": error.message})
        else:
            output.show(cell(f"not proven: {error.message}", "red", 2000))
        raise typer.Exit(NO) from None
    if as_json:
        output.print_json({"ok": True, "origin": checkpoint.origin, "size": checkpoint.size, "entry": proven})
        return
    told = f"entry {parts.index} is in the log {checkpoint.origin}, under its checkpoint of {checkpoint.size} entries"
    output.show(cell(told, "green", 2000), *_recorded({"entries": [proven]}))


@command(app, "status")
def log_status(remit: Session) -> None:
    """The log's key, and how far its checkpoints have come to sinks and witnesses."""

    def render(value: dict[str, Any]) -> list[Any]:
        rows = [(one["name"], one["size"], one["failing"] or "up to date") for one in value["elsewhere"]]
        public = "anybody" if value["public"] else "operators who may read the record"
        return [
            output.fields((("key", value["key"]), ("read by", public))),
            output.table(("sink or witness", "entries", "state"), rows, empty="checkpoints are kept here only"),
        ]

    remit.answer(remit.get("/v1/log"), render)


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
    count = 0
    with os.fdopen(_new_file(out), "wb") as file, _progress("exporting") as progress:
        for entry in entries:
            file.write(output.one_line(entry).encode() + b"\n")
            count += 1
            if count % PAGE == 0:
                progress(count, 0)
    print(f"{count} entries in {plain(out)}", file=sys.stderr)


@contextlib.contextmanager
def _progress(doing: str) -> Iterator[Callable[[int, int], None]]:
    """How far it is, for whoever looks at standard error: nothing where it is a file, nothing that stays."""
    with output.waiting(doing) as status:

        def tell(done: int, total: int) -> None:
            status(f"{doing}: {done:,} of {total:,} entries" if total else f"{doing}: {done:,} entries")

        yield tell


def _new_file(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInput(f"expected --out to name a new file: {error.strerror}") from None


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from None


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
        for one in report.witnessed:
            seen = f"{one.witness} saw its first {one.size} entries at {output.moment(one.time * 1000)}"
            parts.append(cell(seen, "green", 2000))
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
    if value.get("erased"):
        parts.append(Text("what people and agents wrote about it was erased; these entries stay provable", "yellow"))
    for name in ("call", "result"):
        if value.get(name):
            parts += [Text(name, "bold"), output.fields((key, _flat(item)) for key, item in value[name].items())]
    return parts


def _flat(value: Any) -> Any:
    return value if isinstance(value, str) or value is None else output.one_line(value)
