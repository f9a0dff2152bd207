"""The tree of commands, and the one place where expected failures become exit codes.

Commands are imported when they are called: a command line that takes a second to say anything is not used in scripts.
"""

import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import remit
from remit.cli.errors import UNAVAILABLE, exit_code, report
from remit.cli.session import HELP, group
from remit.terms import RemitError, Unavailable

# Each command: where it is, as `module:name`, and what `remit --help` says of it (a test compares that with the
# command's own words). The name is a group, a function, or `register`; without one it is `app`.
_LAZY = {
    "init": (
        "remit.cli.first_run:init",
        "Make a Remit: directory, keys, database, remit.toml, default policies. Never overwrites.",
    ),
    "up": ("remit.cli.up:up", "Serve a directory until SIGINT or SIGTERM."),
    "status": ("remit.cli.status:register", "Say how it is; exit 3 when a server runs but cannot decide."),
    "revoke": ("remit.cli.revoke:register", "Take anything back, at once, with all that hangs on it."),
    "resume": (
        "remit.cli.revoke:register",
        "Let a stopped tenant go on; needs another admin than who stopped it.",
    ),
    "decisions": ("remit.cli.decisions:register", "List the newest decisions, or watch them."),
    "why": ("remit.cli.why:register", "Say why a call was decided as it was."),
    "erase": ("remit.cli.custody:register", "Erase goals, arguments and results, for good."),
    "backup": ("remit.cli.custody:register", "Copy a Remit, running or not, into one file."),
    "restore": ("remit.cli.custody:register", "Make a directory from a backup, after its log was verified."),
    "agents": ("remit.cli.agents", "Agents: list, register, contain."),
    "instances": ("remit.cli.agents:instances", "Running instances of agents: list, contain."),
    "missions": ("remit.cli.missions", "Missions: open, show with their authority, end."),
    "tools": ("remit.cli.tools", "Tools: register, inspect, correct, quarantine."),
    "approvals": ("remit.cli.approvals", "Access requests: list, show with their evidence, answer."),
    "operators": ("remit.cli.operators:operators", "People who run, approve or audit."),
    "points": (
        "remit.cli.operators:points",
        "Enforcement points: gateways and services that ask for decisions.",
    ),
    "keys": ("remit.cli.operators:keys", "Access keys: list, add, revoke."),
    "modes": ("remit.cli.modes", "Modes: observe something for a while, or enforce."),
    "policy": ("remit.cli.policy", "Policies: check, test, explain, activate."),
    "audit": ("remit.cli.audit", "The log: verify offline, show, export."),
    "replay": ("remit.replay.cli", "Decide recorded agent runs, call by call, and measure the decisions."),
    "demo": ("remit.demo.cli", "Play a short story: a real server, a real agent, a real attack."),
    "bench": ("remit.bench.cli", "Measure a real Remit under load, beside the bare server and its peers."),
}


class _Root(TyperGroup):
    """All commands by name; the real one is loaded when it is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands.update({name: TyperCommand(name=name, help=about) for name, (_, about) in _LAZY.items()})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, found, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in _LAZY else found, rest


def load(name: str) -> Any:
    """The command itself."""
    module, _, attribute = _LAZY[name][0].partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute or "app")
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        typer.echo(f"remit: this installation has no `{name}`: expected the module {module}", err=True)
        raise typer.Exit(UNAVAILABLE) from None
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    several = group("")
    if attribute == "register":
        found(several)
    else:
        several.command(name)(found)
    return typer.main.get_group(several).commands[name]


app = typer.Typer(
    name="remit",
    cls=_Root,
    help="Run-time authorization for AI agents. Start with `remit init`, then `remit up`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings=HELP,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, keys among them
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"remit {remit.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; exits."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a terminal without Unicode must not end a command
            reconfigure(errors="backslashreplace")
    try:
        app()
    except RemitError as error:
        report(error)
        sys.exit(exit_code(error))
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNAVAILABLE)
    except OSError as error:  # a file that a command was given, or the disk: nothing that a traceback would explain
        where = f"{error.filename}: " if error.filename is not None else ""
        report(Unavailable(f"{where}{error.strerror or type(error).__name__}; check path, permissions and free space"))
        sys.exit(UNAVAILABLE)
    except KeyboardInterrupt:
        sys.exit(130)
