"""Pieces of code: what only computes, and everything that might do more."""

import pytest

from remit.catalogue import script_of
from remit.catalogue.scripts import MAX_SCRIPT, script_classes
from remit.terms import OperationClass


@pytest.mark.parametrize(
    "code",
    [
        "print(1240 * 2 - 700)",
        "import datetime\na = datetime.date(2031, 10, 19)\nprint((datetime.date(2031, 11, 1) - a).days)",
        "from datetime import date as d, timedelta\nprint(d(2031, 1, 2) + timedelta(days=14))",
        "import statistics as st\nprint(st.mean([float(x) for x in '1 2 3'.split()]))",
        "total = 0\nfor price in (3, 4.5):\n    total += price\nprint(f'{total:.2f}')",
        "rows = [('a', 2), ('b', 1)]\nif rows:\n    print(sorted(rows)[0][0].upper())",
    ],
)
def test_sums_and_dates_only_compute(code: str) -> None:
    assert script_classes(code) == (OperationClass.READ,)


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.remove('ledger')",
        "open('ledger').read()",
        "exec('1')",
        "__import__('os').system('ls')",
        "().__class__.__base__.__subclasses__()",
        "import statistics\nstatistics.sys.modules['os'].system('ls')",
        "import statistics\nm = statistics\nm.sys.modules",
        "import statistics\n[statistics][0].sys.modules",
        "import math as print\nprint.sys",
        "from datetime import sys",
        "from math import *",
        "from . import math",
        "print = open",
        "def f():\n    return 1",
        "(lambda: 1)()",
        "class A: pass",
        "while True: pass",
        "with x as y: pass",
        "try:\n    print(1)\nfinally:\n    pass",
        "import math\nmath.pi = 3",
        "x.y = 1",
        "del print",
        "global x",
        "(x for x in [1]).gi_frame.f_builtins['open']('ledger')",
        "g = (x for x in [1])\nfor f in g:\n    g.gi_frame.f_back.f_globals['os'].system('ls')",
        "'{0.gi_frame.f_globals}'.format(x for x in [1])",
        "print.mro",
        "async def f(): await g()",
        "print(1",
        "print(\x00)",
        "-" * (MAX_SCRIPT - 1) + "1",
        "1" * (MAX_SCRIPT + 1),
    ],
)
def test_whatever_else_there_is_is_not_told(code: str) -> None:
    assert script_classes(code) == ()


@pytest.mark.parametrize(
    ("name", "description", "argument", "is_one"),
    [
        ("run_code", "Runs a piece of Python.", "code", True),
        ("run_python", "Runs it.", "script", True),
        ("run", "Runs it.", "python_code", True),
        ("run_code", "Runs a piece of code.", "code", False),
        ("run_code", "Runs a piece of Bash or Python.", "script", False),
        ("run_python", "Runs it.", "host", False),
    ],
)
def test_only_what_is_said_to_be_python_is_read_as_python(
    name: str, description: str, argument: str, is_one: bool
) -> None:
    assert script_of(name, description, {"properties": {argument: {}}}) == (argument if is_one else "")
    assert script_of(name, description, {}) == ""
