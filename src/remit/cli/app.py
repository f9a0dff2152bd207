"""The tree of commands, and the one place where expected failures become exit codes."""

import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import remit
from remit.cli import (
    agents,
    approvals,
    audit,
    custody,
    first_run,
    missions,
    modes,
    operators,
    policy,
    revoke,
    status,
    token_keys,
    tools,
    up,
    why,
)
from remit.cli.errors import UNAVAILABLE, exit_code, report
from remit.terms import RemitError

# Commands of other rooms: imported when they are called, so that `--help` does not load them.
_LAZY = {
    "replay": ("remit.replay.cli", "Decide recorded agent runs, call by call, and measure the decisions."),
    "demo": ("remit.demo.cli", "Play a short story: a real server, a real agent, a real attack."),
}


class _Root(TyperGroup):
    """The groups of this room, and the commands of others by name."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_LAZY]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name in _LAZY:
            return TyperCommand(name=cmd_name, help=_LAZY[cmd_name][1])
        return found

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, found, rest = super().resolve_command(ctx, args)
        if name in _LAZY:
            found = _load(name)
        return name, found, rest


def _load(name: str) -> Any:
    module = _LAZY[name][0]
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        typer.echo(f"remit: this installation has no `{name}`: expected the module {module}", err=True)
        raise typer.Exit(UNAVAILABLE) from None
    return typer.main.get_command(loaded.app)


app = typer.Typer(
    name="remit",
    cls=_Root,
    help="Run-time authorization for AI agents. Start with `remit init`, then `remit up`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
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


app.command("init")(first_run.init)
app.command("up")(up.up)
status.register(app)
app.add_typer(agents.app, name="agents")
app.add_typer(agents.instances, name="instances")
app.add_typer(missions.app, name="missions")
app.add_typer(tools.app, name="tools")
app.add_typer(approvals.app, name="approvals")
app.add_typer(operators.operators, name="operators")
app.add_typer(operators.points, name="points")
app.add_typer(operators.keys, name="keys")
token_keys.register(operators.keys)
app.add_typer(modes.app, name="modes")
app.add_typer(policy.app, name="policy")
app.add_typer(audit.app, name="audit")
revoke.register(app)
why.register(app)
custody.register(app)


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
    except KeyboardInterrupt:
        sys.exit(130)
