"""`remit init`: a directory to start from, and what to do next."""

import shlex
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from remit.cli import output
from remit.cli.session import DEFAULT_DIRECTORY, AsJson
from remit.cli.text import plain

PATH = 4096  # characters of a path that is shown to be copied


def init(
    directory: Annotated[Path, typer.Argument(envvar="REMIT_DIR", help="What to make.")] = DEFAULT_DIRECTORY,
    port: Annotated[int | None, typer.Option(help="Port that remit.toml names.", min=0, max=65535)] = None,
    as_json: AsJson = False,
) -> None:
    """Make a Remit: directory, keys, database, remit.toml, default policies. Never overwrites."""
    from remit.assembly import init as make

    made = make(directory, port=port)
    if as_json:
        output.print_json(msgspec.to_builtins(made))
        return
    output.show(Text(_story(directory, made.directory, made.operator, made.admin_key, made.point, made.point_key)))


def _story(typed: Path, directory: str, operator: str, admin_key: str, point: str, point_key: str) -> str:
    where = plain(shlex.quote(str(typed)), PATH)
    at = "" if typed == DEFAULT_DIRECTORY else f" --dir {where}"
    up = "" if typed == DEFAULT_DIRECTORY else f" {where}"
    return f"""\
Made {plain(directory, PATH)}
  remit.toml   purposes, groups, internal domains, enforcement points, upstream servers
  policies/    the default policies (Cedar): read them, change them, `remit policy check{up}`
  keys/        signing and wrapping keys: back them up, show them to nobody

Keys, shown this once:
  operator {operator}              {admin_key}
  enforcement point {point}     {point_key}

Next:
  export REMIT_KEY={admin_key}
  remit up{up}
  remit status{at}      (in another terminal, with REMIT_KEY there too)
  remit agents register my-agent --owner you@example.com{at}
  remit missions open --agent my-agent --purpose assist --goal "Summarise my inbox"{at}"""
