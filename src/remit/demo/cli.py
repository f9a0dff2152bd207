"""`remit demo`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from remit.demo.stage import Stage, stage
from remit.demo.story import Seen, Story
from remit.terms import VERDICTS, FindingKind

_COLOURS = {"permit": "green", "ask": "yellow", "deny": "red"}
_SIGNS = {"permit": "✔ permit", "ask": "? ask   ", "deny": "✘ deny  "}


def demo(
    once: Annotated[bool, typer.Option("--once", help="play it, check every decision, and end")] = False,
    directory: Annotated[Path | None, typer.Option("--dir", help="make the Remit directory here and keep it")] = None,
) -> None:
    """A short story: real server, real tools, real agent, real attack."""
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="remit-demo-") as temporary:
        place = directory if directory is not None else Path(temporary) / "remit.d"
        wrong = asyncio.run(_play(place, once, console))
    for line in wrong:
        console.print(f"[red]not as expected:[/] {escape(line)}")
    if wrong:
        raise typer.Exit(1)
    console.print("[green]every decision was as expected[/]")
    if once:
        console.print("[dim]`remit demo` plays it again and leaves the servers up to look around[/]")


async def _play(directory: Path, once: bool, console: Console) -> list[str]:
    console.print("[dim]starting Remit and a tool server with mail, files and payments …[/]")
    async with stage(directory) as ready:
        console.print(f"[dim]Remit at {ready.url}, its directory is {escape(str(ready.directory))}[/]\n")
        wrong = await Story(ready, lambda text: _tell(console, text), lambda seen: _show(console, seen)).play()
        if not once:
            await _stay(ready, console)
    return wrong


def _tell(console: Console, text: str) -> None:
    style = "bold cyan" if text.startswith("$ ") else "bold"
    console.print(f"[{style}]{escape(_printable(text))}[/]")


def _show(console: Console, seen: Seen) -> None:
    colour = _COLOURS[seen.effect]
    arguments = ", ".join(f"{name}={value!r}" for name, value in seen.step.arguments.items())
    console.print(f"  {escape(seen.step.tool)}({escape(_printable(arguments))})")
    console.print(
        f"  [{colour} bold]{_SIGNS[seen.effect]}[/]  [{colour}]{', '.join(seen.reasons)}[/]  [dim]{seen.id}[/]"
    )
    for finding in seen.findings:
        if finding["message"] and (seen.effect != "permit" or finding["kind"] in ("authority", "grounding")):
            good = finding["verdict"] in VERDICTS[FindingKind(finding["kind"])][:2]
            mark = "[dim]" if good else "[magenta]"
            console.print(
                f"      {mark}{finding['kind']}: {finding['verdict']}[/]  {escape(_printable(finding['message']))}"
            )
            for evidence in finding["rests_on"][:2] if not good else ():
                if evidence["quote"]:
                    quote = _printable(evidence["quote"])[:200]
                    console.print(f"        [dim]{escape(evidence['what'])}: “{escape(quote)}”[/]")
    console.print()


async def _stay(ready: Stage, console: Console) -> None:
    """Leave the servers up for a look around."""
    console.print("\nThe servers stay up; end with Ctrl-C. In another terminal:")
    console.print(f"  export REMIT_DIR={escape(str(ready.directory))} REMIT_KEY={ready.made.admin_key}")
    console.print("  remit status; remit missions list; remit audit export --limit 5")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        console.print()


def _printable(text: str) -> str:
    """Hostile text on one line: nothing that a terminal would obey (I12)."""
    return "".join(char if char.isprintable() else " " for char in text)


app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.command()(demo)
