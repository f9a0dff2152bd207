"""I10: unverified cannot be passed where verified is expected. The type checker is asked, and the sources are read."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import remit

SOURCE = Path(remit.__file__).parent
PRINCIPALS = {"AgentPrincipal", "PointPrincipal", "OperatorPrincipal"}

BREACHES = {
    "a request where a call is wanted": """
from remit.policy import Facts
from remit.terms import Call, Request
def use(call: Call) -> str: return call.digest
def breach(request: Request) -> str: return use(request)
""",
    "a credential where a principal is wanted": """
from remit.mediation import Mediator
from remit.terms import Credential, Request
async def breach(mediator: Mediator, credential: Credential, request: Request) -> None:
    await mediator.decide(credential, request)
""",
    "plain properties where unverified ones are named": """
from remit.terms import Request
def breach(properties: dict[str, object]) -> Request:
    return Request(subject_type="a", subject_id="b", action="c", resource_type="d", resource_id="e",
                   subject_properties=properties)
""",
    "text where a mission's id is wanted": """
from remit.mediation import State
from remit.terms import DEFAULT_TENANT
def breach(state: State, text: str) -> object: return state.mission(DEFAULT_TENANT, text)
""",
}


@pytest.mark.parametrize("breach", list(BREACHES))
def test_the_type_checker_refuses(breach: str, tmp_path: Path) -> None:
    file = tmp_path / "breach.py"
    file.write_text(BREACHES[breach])
    cache = Path.cwd() / ".mypy_cache"
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), str(file)],
        capture_output=True,
        text=True,
        cwd=SOURCE.parent,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "breach.py" in result.stdout
    assert "arg-type" in result.stdout


def test_only_authentication_makes_principals() -> None:
    makers = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in PRINCIPALS:
                makers.add(path.relative_to(SOURCE).parts[0])
    assert makers == {"authentication"}


def test_only_mediation_makes_calls_and_decisions() -> None:
    makers = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Call", "Decision"}:
                makers.add(path.relative_to(SOURCE).parts[0])
    assert makers == {"mediation"}
