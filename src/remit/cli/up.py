"""`remit up`: serve a directory until told to stop."""

from pathlib import Path
from typing import Annotated

import typer

from remit.cli.session import DEFAULT_DIRECTORY


def up(
    directory: Annotated[Path, typer.Argument(envvar="REMIT_DIR", help="Remit's directory.")] = DEFAULT_DIRECTORY,
    host: Annotated[
        str | None, typer.Option(envvar="REMIT_HOST", help="Address to listen on, instead of remit.toml's.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(envvar="REMIT_PORT", help="Port, instead of remit.toml's; 0 takes a free one.", min=0, max=65535),
    ] = None,
) -> None:
    """Serve a directory until SIGINT or SIGTERM. Prints one line when it is ready; logs go to standard error."""
    import asyncio

    from remit.assembly.http import new_event_loop
    from remit.cli.logs import configure
    from remit.cli.serve import serve

    configure()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve(directory.absolute(), host=host, port=port))
