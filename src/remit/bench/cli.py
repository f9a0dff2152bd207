"""`remit bench`."""

import resource
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from remit.bench import report, sweeps
from remit.bench.house import workplace
from remit.bench.measure import QUICK, Plan, measure
from remit.bench.processes import Cores
from remit.terms import InvalidInput

app = typer.Typer(name="bench", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="One short run, under 50 seconds.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", help=f"Instead: how speed depends on {', '.join(sweeps.SWEEPS)}; repeat for more."),
    ] = None,
    runs: Annotated[int, typer.Option(help="Runs of each, of which the median counts.", min=1, max=99)] = 5,
    seconds: Annotated[float, typer.Option(help="Length of a run.", min=0.5, max=600)] = 4.0,
    minutes: Annotated[float, typer.Option(help="Length of an open loop with memory watched.", min=0, max=600)] = 0.0,
    connections: Annotated[int, typer.Option(help="Connections of the closed loop.", min=1, max=4096)] = 64,
    upto: Annotated[
        int, typer.Option(help="Largest size of a sweep; entries can go to 5 million.", min=10)
    ] = sweeps.USUAL,
    install: Annotated[
        bool | None, typer.Option("--install/--no-install", help="Install missing peers; not with --quick by itself.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Work in a new directory under this one: on the disk that counts.")
    ] = None,
    document: Annotated[
        Path | None, typer.Option("--document", help="Write the figures into this Markdown file, and plots beside it.")
    ] = None,
) -> None:
    """Measure a real Remit under load, beside the bare server and its peers."""
    _many_files()
    console = Console(stderr=True)
    cores = Cores.here()
    if cores.shared:
        console.print("there is one core: the load generator takes its time from the server, so rates are too low")
    with workplace(directory) as place:
        if sweep:
            _swept(sweep, place, cores, upto, json_file, document, console)
            return
        plan = QUICK if quick else Plan(runs=runs, seconds=seconds, minutes=minutes)
        wanted = plan.install if install is None else install
        plan = msgspec.structs.replace(plan, connections=connections, install=wanted)
        with console.status("") as status:
            figures = measure(plan, place, cores, lambda what: status.update(what))
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    Console().print(*report.tables(figures), sep="\n")
    if document is not None:
        report.write(document, "figures", report.markdown(figures))


def _many_files() -> None:
    """A thousand connections are a thousand files, here and in the server, which inherits this."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _swept(
    names: list[str],
    place: Path,
    cores: Cores,
    upto: int,
    json_file: Path | None,
    document: Path | None,
    console: Console,
) -> None:
    unknown = set(names) - set(sweeps.SWEEPS)
    if unknown:
        raise InvalidInput(f"expected `--sweep` to be one of {', '.join(sweeps.SWEEPS)}")
    found = {}
    for name in names:
        with console.status("") as status:
            found[name] = sweeps.sweep(name, place / name, cores, upto=upto, say=lambda what: status.update(what))
        Console().print(report.swept_table(found[name]))
        if document is not None:
            report.write(document, name, report.swept_markdown(document, found[name]))
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
