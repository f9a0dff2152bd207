"""What the documents say can be followed: links, modules, commands, routes, and every block of code that parses."""

import ast
import asyncio
import importlib
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import typer

from remit.assembly import load_settings
from remit.cli.app import app
from remit.policy import default_pack, facts_of, load

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SOURCES = sorted((ROOT / "src").rglob("*.py"))

FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MODULE = re.compile(r"remit(\.[A-Za-z_]\w*)+")
BODY = re.compile(r"-d '(\{.*?\n\})'", re.DOTALL)
FILES_OF_A_DIRECTORY = {"remit.toml", "remit.db", "remit.lock", "remit.d"}


def named(paths: list[Path]) -> Any:
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(ROOT)) for path in paths])


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def spans(path: Path) -> list[str]:
    return SPAN.findall(prose(path))


def blocks(*languages: str) -> list[Any]:
    """Fenced blocks of all documents."""
    found = []
    for path in DOCUMENTS:
        for number, (language, text) in enumerate(FENCE.findall(path.read_text(encoding="utf-8")), 1):
            if language in languages:
                found.append(pytest.param(text, id=f"{path.relative_to(ROOT)}-{number}"))
    return found


def test_the_documents_that_are_promised_exist() -> None:
    names = {str(path.relative_to(ROOT)) for path in DOCUMENTS}
    assert names >= {"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md", "docs/limitations.md"}
    assert names >= {"docs/request-flow.md", "docs/policies.md", "docs/configuration.md", "docs/api.md"}


@named(DOCUMENTS)
def test_relative_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(prose(path)):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        place = (path.parent / name).resolve() if name else path
        assert place.exists(), f"{target} leads nowhere"
        if anchor:
            assert anchor in {slug(heading) for heading in HEADING.findall(prose(place))}, f"no heading for {target}"


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@named(DOCUMENTS)
def test_files_and_modules_that_are_named_exist(path: Path) -> None:
    codes = set(re.findall(r'"(remit\.\w+)"', "\n".join(source.read_text(encoding="utf-8") for source in SOURCES)))
    for span in spans(path):
        if span.startswith(("src/", "tests/", "docs/")):
            assert (ROOT / span).exists(), f"there is no {span}"
        elif MODULE.fullmatch(span) and span not in FILES_OF_A_DIRECTORY | codes:
            assert resolves(span), f"there is no {span}"


def resolves(name: str) -> bool:
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            value: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(value, part):
                return False
            value = getattr(value, part)
        return True
    return False


def commands(path: Path) -> Iterator[str]:
    """Command lines of ours, in prose and in shell blocks."""
    text = path.read_text(encoding="utf-8")
    yield from (span for span in spans(path) if re.match(r"remit [a-z]", span))
    for language, block in FENCE.findall(text):
        for line in block.splitlines() if language == "sh" else ():
            if re.match(r"(\.venv/bin/)?remit ", line.strip()):
                yield line.strip()


@named(DOCUMENTS)
def test_commands_and_their_options_exist(path: Path) -> None:
    for line in commands(path):
        words = shlex.split(line.removeprefix(".venv/bin/"), comments=True)[1:]
        command: Any = typer.main.get_command(app)
        context = command.make_context("remit", ["--help-not-asked"], resilient_parsing=True)
        while words and hasattr(command, "commands"):
            assert command.get_command(context, words[0]) is not None, f"there is no `{line}`"
            _, command, words = command.resolve_command(context, words)
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        asked = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert asked <= known | {"--help"}, f"`{line}`: there is no {asked - known}"


@named(DOCUMENTS)
def test_make_targets_that_are_named_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = set(re.findall(r"(?:`|^)make ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert asked <= targets


@pytest.mark.parametrize("text", blocks("python"))
def test_python_in_the_documents_compiles(text: str) -> None:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module or "")
            assert all(hasattr(module, alias.name) for alias in node.names)


@pytest.mark.parametrize("text", blocks("json"))
def test_json_in_the_documents_parses(text: str) -> None:
    json.loads(text)


@pytest.mark.parametrize("text", blocks("toml"))
def test_toml_in_the_documents_is_read_by_what_reads_it(text: str, tmp_path: Path) -> None:
    cases = tomllib.loads(text).get("case")
    if cases is None:
        (tmp_path / "remit.toml").write_text(text, encoding="utf-8")
        load_settings(tmp_path)
        return
    policies = load(default_pack(), tools=(), groups=("operators",))
    for case in cases:
        facts_of(policies, case)
        asked = set(case.get("policies", ()))
        assert asked <= {policy.id for policy in policies.policies}, "a case names a policy that is not in the pack"


@pytest.mark.parametrize("text", blocks("cedar"))
def test_policies_in_the_documents_can_be_loaded(text: str) -> None:
    assert load({"document.cedar": text}, tools=(), groups=("operators", "finance", "security")).policies


@pytest.mark.parametrize("text", blocks("cedarschema"))
def test_types_in_the_documents_can_be_declared(text: str) -> None:
    policy = '@id("own") @reason("own") permit (principal, action == Action::"read", resource is record);'
    assert load({"document.cedar": policy}, tools=(), groups=(), extra_schema=text).policies


@pytest.mark.parametrize("text", [block for block in blocks("sh") if "-d '" in block.values[0]])
def test_bodies_of_requests_in_the_documents_are_json(text: str) -> None:
    bodies = BODY.findall(re.sub(r"'\$([A-Z]+)'", r"\1", text))
    assert len(bodies) == text.count("-d '")
    for body in bodies:
        json.loads(body)


def test_routes_that_are_named_are_in_the_openapi_document(
    opened: Callable[[], AbstractAsyncContextManager[Any]],
) -> None:
    async def document() -> dict[str, Any]:
        async with opened() as house:
            return (await house.http.get("/openapi.json")).json()  # type: ignore[no-any-return]

    known = {(method.upper(), path) for path, item in asyncio.run(document())["paths"].items() for method in item}
    asked = set()
    for path in DOCUMENTS:
        asked |= {(span.split()[0], span.split()[1]) for span in spans(path) if re.match(r"(GET|POST) /", span)}
    assert asked
    assert not asked - known


@named([source for source in SOURCES if "docs/" in source.read_text(encoding="utf-8")])
def test_documents_that_the_source_names_exist(path: Path) -> None:
    for name in re.findall(r"\bdocs/[\w./-]*\w", path.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), f"there is no {name}"


def test_annotations_findings_and_verdicts_that_policies_may_name_are_documented() -> None:
    from remit.policy.source import ANNOTATIONS
    from remit.terms import VERDICTS

    text = (ROOT / "docs/policies.md").read_text(encoding="utf-8")
    for annotation in ANNOTATIONS:
        assert f"@{annotation}" in text
    for kind, verdicts in VERDICTS.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| `findings.{kind.value}`"))
        assert all(f"`{verdict}`" in line for verdict in verdicts)
