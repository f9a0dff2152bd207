"""What every command that talks to a Remit has in common: where it is, the key, and `--json`.

    @command(agents, "list")
    def list_agents(remit: Session) -> None: ...

registers `list_agents` with the common options beside its own and hands it an open `Session`.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from remit.cli.backend import Backend, Query, Server, connect, server

P = ParamSpec("P")

DEFAULT_DIRECTORY = Path("remit.d")
HELP = {"max_content_width": 140}  # columns, where the terminal has them: what a command says of itself is not cut

Directory = Annotated[Path, typer.Option("--dir", envvar="REMIT_DIR", help="Remit's directory.")]
Url = Annotated[
    str | None, typer.Option("--url", envvar="REMIT_URL", help="A server elsewhere, instead of a directory.")
]
AccessKey = Annotated[
    str | None,
    typer.Option("--key", envvar="REMIT_KEY", show_envvar=True, help="An operator's key, for a running server."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_COMMON = (
    inspect.Parameter("directory", inspect.Parameter.KEYWORD_ONLY, default=DEFAULT_DIRECTORY, annotation=Directory),
    inspect.Parameter("url", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Url),
    inspect.Parameter("key", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=AccessKey),
    inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=AsJson),
)


class Session:
    """One command's connection; it is made at the first call and closed at the end."""

    def __init__(self, directory: Path, url: str | None, key: str | None, as_json: bool) -> None:
        self.directory = directory
        self.url = url
        self.key = key
        self.as_json = as_json
        self._stack = contextlib.ExitStack()
        self._backend: Backend | None = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def server(self) -> Server | None:
        """The server that would answer; None when the command would do it here."""
        return server(self.directory, self.url)

    def get(self, path: str, **query: str | int | None) -> Any:
        return self._call("GET", path, query={name: item for name, item in query.items() if item is not None})

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Members that are None are left out: the server's defaults stand."""
        given = None if body is None else {name: item for name, item in body.items() if item is not None}
        return self._call("POST", path, body=given)

    def answer(self, value: Any, render: Callable[[Any], Any]) -> None:
        """`value` as JSON, or as `render` shows it to people."""
        from remit.cli import output

        if self.as_json:
            output.print_json(value)
        else:
            shown = render(value)
            output.show(*(shown if isinstance(shown, (list, tuple)) else (shown,)))

    def _call(self, method: str, path: str, *, query: Query | None = None, body: Any = None) -> Any:
        if self._backend is None:
            self._backend = self._stack.enter_context(connect(self.directory, self.url, self.key))
        return self._backend.call(method, path, query=query, body=body)


def group(about: str) -> typer.Typer:
    """A group of commands. Its help is plain text, which every terminal and pipe can show."""
    return typer.Typer(
        help=about, no_args_is_help=True, add_completion=False, rich_markup_mode=None, context_settings=HELP
    )


def command(
    app: typer.Typer, name: str
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Register a function of a `Session` as the command `name`."""

    def register(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        @functools.wraps(function)
        def run(*args: Any, directory: Path, url: str | None, key: str | None, as_json: bool, **rest: Any) -> None:
            with Session(directory.absolute(), url, key or None, as_json) as session:
                function(session, *args, **rest)

        own = list(inspect.signature(function).parameters.values())[1:]
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
        run.__signature__ = inspect.Signature([*parameters, *_COMMON])  # type: ignore[attr-defined]
        app.command(name)(run)
        return function

    return register
