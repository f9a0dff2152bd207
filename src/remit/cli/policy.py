"""`remit policy`: check, test and explain policies before they are active; then activate them.

`check`, `test` and `explain` read the directory and ask no server: they judge what would become active, by the same
procedure that `remit up` uses, against the tools that are registered now.
"""

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.text import Text

from remit.cli import output
from remit.cli.errors import NO
from remit.cli.session import DEFAULT_DIRECTORY, AsJson, Directory, Session, command, group
from remit.cli.text import cell, listed, plain
from remit.terms import Effect, InvalidInput

if TYPE_CHECKING:
    from remit.policy import Explanation, PolicySet

app = group("Policies: check, test, explain, activate.")

MAX_CASES = 4_000_000  # bytes of a file of cases
CaseFile = Annotated[Path, typer.Argument(metavar="FILE", help="Cases: JSON, or TOML with [[case]] tables.")]


@app.command("check")
def check(
    directory: Annotated[
        Path, typer.Argument(envvar="REMIT_DIR", help="Remit's directory, or a folder of policies in it.")
    ] = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Say whether the policies can be activated; every problem is named with its file and line."""
    policies = _load(directory)
    value = {
        "version": policies.version,
        "policies": len(policies.policies),
        "tools": len(policies.tools),
        "warnings": [str(warning) for warning in policies.warnings],
    }
    if as_json:
        output.print_json(value)
        return
    if policies.tools:
        output.show(*(cell(f"warning: {warning}", "yellow", 2000) for warning in policies.warnings))
    else:
        output.show(Text("no tool is registered yet, so conditions on arguments are checked when one is", "yellow"))
    output.show(
        f"{value['policies']} policies fit {value['tools']} registered tools; version {plain(policies.version)}"
    )


@app.command("test")
def run_cases(file: CaseFile, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Evaluate the cases in FILE; exit 1 unless all come out as expected."""
    from remit.policy import run_tests

    results = run_tests(_load(directory), read_cases(file))
    failed = sum(not result.passed for result in results)
    if as_json:
        output.print_json({"passed": len(results) - failed, "failed": failed, "results": msgspec.to_builtins(results)})
    else:
        rows = [
            (
                Text("ok", "green") if result.passed else Text("no", "red"),
                result.name,
                output.state(result.actual.value),
                listed(result.policies),
                cell(result.message, limit=1000),
            )
            for result in results
        ]
        columns = ("", "case", "came out", "by", "but")
        output.show(output.table(columns, rows, empty="no cases"), f"{len(results) - failed} passed, {failed} failed")
    if failed:
        raise typer.Exit(NO)


@app.command("explain")
def explain(
    file: CaseFile,
    number: Annotated[int, typer.Option("--case", help="Which case of the file.", min=1)] = 1,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Say how one case is decided and what each policy has to do with it; exit 1 unless it is permitted."""
    from remit.policy.cases import facts_of

    policies, cases = _load(directory), read_cases(file)
    if number > len(cases):
        raise InvalidInput(f"expected `--case` from 1 to {len(cases)}, got {number}")
    found = policies.explain(facts_of(policies, cases[number - 1]))
    effect = _effect(found)
    if as_json:
        output.print_json({"effect": effect.value, **msgspec.to_builtins(found, enc_hook=str)})
    else:
        output.show(*_explained(found, effect))
    if effect is not Effect.PERMIT:
        raise typer.Exit(NO)


@command(app, "list")
def list_policies(remit: Session) -> None:
    """The policies that are active now."""

    def render(value: Any) -> Any:
        rows = [
            (one["id"], output.state(one["effect"]), one["reason"], f"{one.get('file', '')}:{one.get('line', '')}")
            for one in value["policies"]
        ]
        table = output.table(("policy", "effect", "reason", "where"), rows, empty="no policies")
        return table, f"version {plain(value['version'])}"

    remit.answer(remit.get("/v1/policies"), render)


@command(app, "reload")
def reload(remit: Session) -> None:
    """Activate what lies in the policy directory; if it is refused, the active policies stay."""
    remit.answer(remit.post("/v1/policies/reload"), lambda value: f"active: version {plain(value['version'])}")


def _load(directory: Path) -> "PolicySet":
    """The policies of a Remit directory, or in a folder inside one that is to replace them."""
    from remit.assembly import load_policies, load_settings
    from remit.assembly.config import FILE
    from remit.assembly.policies import FOLDER
    from remit.cli.offline import stored_tools

    directory = directory.absolute()
    drafted = not (directory / FILE).is_file() and (directory.parent / FILE).is_file()
    home, folder = (directory.parent, directory) if drafted else (directory, directory / FOLDER)
    settings = load_settings(home)
    purposes = tuple(purpose.id for purpose in settings.purposes)
    return load_policies(folder, tools=stored_tools(home), groups=settings.groups, purposes=purposes)


def read_cases(file: Path) -> list[dict[str, Any]]:
    """The cases in a file. Raises `InvalidInput`."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_CASES + 1)
        if len(data) > MAX_CASES:
            raise InvalidInput(f"expected {file} to have at most {MAX_CASES} bytes")
        text = data.decode("utf-8")
        cases = tomllib.loads(text).get("case") if file.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise InvalidInput(f"expected {file} to be a readable file: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        kind = "TOML" if file.suffix == ".toml" else "JSON"
        raise InvalidInput(f"expected {file} to be {kind} in UTF-8: {error}") from None
    if isinstance(cases, dict):
        cases = [cases]
    if not isinstance(cases, list) or not cases or not all(isinstance(case, dict) for case in cases):
        raise InvalidInput(f"expected {file} to hold a list of cases (JSON) or [[case]] tables (TOML)")
    return cases


def _effect(found: "Explanation") -> Effect:
    if found.evaluation.allowed:
        return Effect.PERMIT
    return Effect.ASK if found.ask_groups else Effect.DENY


def _explained(found: "Explanation", effect: Effect) -> list[Any]:
    parts: list[Any] = [
        output.fields(
            (
                ("effect", output.state(effect.value)),
                ("may be lifted by", listed(found.ask_groups, "")),
                ("principal", found.principal),
                ("action", found.action),
                ("resource", found.resource),
                ("context", json.dumps(msgspec.to_builtins(found.context, enc_hook=str), ensure_ascii=True)),
            )
        )
    ]
    parts += [cell(f"error: {error}", "red", 2000) for error in found.evaluation.errors]
    decided = {policy.id for policy in found.evaluation.policies}
    rows = [
        (
            trace.policy.id,
            output.state(trace.policy.effect.value),
            "decides" if trace.policy.id in decided else "holds" if trace.satisfied else "does not hold",
            cell(trace.error or trace.policy.reason, "red" if trace.error else ""),
            f"{trace.policy.file}:{trace.policy.line}",
        )
        for trace in found.traces
        if trace.applies
    ]
    parts.append(output.table(("policy", "effect", "here", "reason", "where"), rows, empty="no policy applies"))
    return parts
