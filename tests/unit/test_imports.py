"""A planted breach of each import contract is caught."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREACHES = {
    "upwards": ("terms/breach.py", "from remit.decision import judge\n", "imports run downwards only"),
    "to a sibling": ("intent/breach.py", "from remit.policy import load\n", "imports run downwards only"),
    "a room nobody listed": ("newroom/__init__.py", "", "imports run downwards only"),
    "input and output in the core": ("decision/breach.py", "import socket\n", "the core does no I/O"),
    "a clock in the core": ("mediation/breach.py", "import time\n", "the core does no I/O"),
    "a database in the core": ("missions/breach.py", "import sqlalchemy\n", "the core does no I/O"),
}


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache"],
        cwd=source.parent,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path / "src"


@pytest.mark.parametrize("breach", list(BREACHES))
def test_a_breach_is_caught(breach: str, copy: Path) -> None:
    file, text, contract = BREACHES[breach]
    place = copy / "remit" / file
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    result = lint(copy)
    assert result.returncode != 0
    assert f"{contract} BROKEN" in result.stdout or "newroom" in result.stdout + result.stderr


def test_the_tree_as_it_is_keeps_every_contract(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("module", ["urllib.request", "pickle"])
def test_a_banned_submodule_is_caught(module: str, tmp_path: Path) -> None:
    file = tmp_path / "breach.py"
    file.write_text(f"import {module}\n")
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), "--select", "TID", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID251" in result.stdout
