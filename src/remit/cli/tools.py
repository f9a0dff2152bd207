"""`remit tools`: what servers offer, how Remit reads it, and a person's correction of that."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from remit.cli import output
from remit.cli.session import Session, command, group
from remit.cli.text import listed
from remit.terms import InvalidInput, OperationClass

app = group("Tools: register, inspect, correct, quarantine.")

ToolId = Annotated[str, typer.Argument(metavar="TOOL", help="SERVER/NAME, as `remit tools list` shows it.")]
Cause = Annotated[str, typer.Option(help="Why: goes on record.")]
Document = Annotated[str, typer.Argument(metavar="FILE", help="JSON; - reads standard input.")]
Server = Annotated[str, typer.Option(help="The server that offers them.")]
Format = Annotated[
    Literal["mcp", "openapi", "schema"],
    typer.Option("--format", help="MCP tools/list, OpenAPI 3, or one tool's {name, schema}."),
]
Names = list[str] | None

MAX_FILE = 16_000_000  # bytes; larger is no description of tools


@command(app, "list")
def list_tools(remit: Session) -> None:
    """All tools with their operation classes."""
    remit.answer(remit.get("/v1/tools"), lambda value: _table(value["tools"]))


@command(app, "inspect")
def inspect_tool(remit: Session, tool: ToolId) -> None:
    """How Remit reads one tool, and why."""
    value = remit.get("/v1/tools", id=tool)["tools"][0]
    remit.answer(value, _inspected)


@command(app, "register")
def register_tools(
    remit: Session,
    document: Document,
    server: Server,
    form: Format = "mcp",
    accept: Annotated[bool, typer.Option("--accept", help="Take changed definitions over.")] = False,
) -> None:
    """Register what a server offers. A changed definition is quarantined unless you accept it."""
    _register(remit, document, server, form, accept)


@command(app, "accept")
def accept_tools(remit: Session, document: Document, server: Server, form: Format = "mcp") -> None:
    """Accept definitions that changed after they were registered: read the difference first."""
    _register(remit, document, server, form, True)


@command(app, "correct")
def correct_tool(
    remit: Session,
    tool: ToolId,
    because: Annotated[str, typer.Option(help="What your reading rests on.")],
    classes: Annotated[list[OperationClass] | None, typer.Option("--class", help="What it does; repeatable.")] = None,
    targets: Annotated[Names, typer.Option("--target", help="Argument that names what is acted on.")] = None,
    sinks: Annotated[Names, typer.Option("--sink", help="Argument that names where data goes.")] = None,
    content: Annotated[Names, typer.Option("--content", help="Argument that carries free text.")] = None,
    amounts: Annotated[Names, typer.Option("--amount", help="Argument that is money.")] = None,
    outside: Annotated[
        bool | None, typer.Option("--outside/--inside", help="Whether outsiders can write its results.")
    ] = None,
) -> None:
    """Put your reading of a tool in place of Remit's."""
    body = {
        "id": tool,
        "classes": [item.value for item in classes] if classes else None,
        "targets": targets or None,
        "sinks": sinks or None,
        "content": content or None,
        "amounts": amounts or None,
        "outside": outside,
        "because": because,
    }
    remit.answer(_one(remit.post("/v1/tools/correct", body)), _inspected)


@command(app, "quarantine")
def quarantine_tool(remit: Session, tool: ToolId, cause: Cause = "") -> None:
    """Deny every call of a tool until it is released."""
    value = remit.post("/v1/tools/state", {"id": tool, "state": "quarantined", "cause": cause})
    remit.answer(_one(value), _inspected)


@command(app, "release")
def release_tool(remit: Session, tool: ToolId, cause: Cause = "") -> None:
    """Release a quarantined tool as it is registered."""
    value = remit.post("/v1/tools/state", {"id": tool, "state": "active", "cause": cause})
    remit.answer(_one(value), _inspected)


def read_json(name: str) -> Any:
    """The JSON in a file or on standard input. Raises `InvalidInput`."""
    try:
        data = sys.stdin.buffer.read(MAX_FILE + 1) if name == "-" else _read(Path(name))
        if len(data) > MAX_FILE:
            raise InvalidInput(f"expected {name} to have at most {MAX_FILE} bytes")
        return json.loads(data)
    except OSError as error:
        raise InvalidInput(f"expected {name} to be a readable file: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"expected {name} to be JSON: {error}") from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE + 1)


def _register(remit: Session, document: str, server: str, form: str, accept: bool) -> None:
    body = {"server": server, "format": form, "document": read_json(document), "accept": accept}
    remit.answer(remit.post("/v1/tools", body), lambda value: _table(value["tools"]))


def _one(value: dict[str, Any]) -> Any:
    return value["tool"] if "tool" in value else value["tools"][0]


def _id(tool: dict[str, Any]) -> str:
    return f"{tool['server']}/{tool['name']}"


def _table(found: list[dict[str, Any]]) -> Any:
    rows = [
        (
            _id(tool),
            output.state(tool["state"]),
            listed(tool["classes"]),
            "yes" if tool["sure"] else "no",
            "outsiders" if tool["outside"] else "insiders",
            tool["cause"],
        )
        for tool in found
    ]
    columns = ("tool", "state", "does", "sure", "results by", "cause")
    return output.table(columns, rows, empty="no tools: `remit tools register FILE --server NAME`")


def _inspected(tool: dict[str, Any]) -> Any:
    return output.fields(
        (
            ("tool", _id(tool)),
            ("state", output.state(tool["state"])),
            ("cause", tool["cause"]),
            ("description", tool["description"]),
            ("does", listed(tool["classes"])),
            ("sure", "yes" if tool["sure"] else "no: `remit tools correct` puts your reading in its place"),
            ("because", tool["because"]),
            ("targets", listed(tool["targets"], "")),
            ("sinks", listed(tool["sinks"], "")),
            ("content", listed(tool["content"], "")),
            ("amounts", listed(tool["amounts"], "")),
            ("results by", "outsiders too" if tool["outside"] else "insiders only"),
            ("definition", tool["definition_hash"]),
            ("arguments", json.dumps(tool["input_schema"], ensure_ascii=True)),
        )
    )
