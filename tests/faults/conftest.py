"""A Remit directory with an agent and tools in it, made once; every test hurts a copy."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.faults.house import Keys, visiting
from tests.faults.process import Server, serving

from remit.assembly import init

LIMITS = """
[limits]
calls_per_minute_agent = 1000000
calls_per_minute_instance = 1000000
"""


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Keys]:
    directory = tmp_path_factory.mktemp("furnished") / "remit.d"
    made = init(directory)
    keys = Keys(admin=made.admin_key, point=made.point_key)
    configuration = directory / "remit.toml"
    configuration.write_text(configuration.read_text() + LIMITS)

    async def furnish(url: str) -> str:
        async with visiting(url, keys) as office:
            return await office.furnish()

    with serving(Server(directory)) as server:
        approver = asyncio.run(furnish(server.url))
        assert server.stop() == 0
    return directory, msgspec.structs.replace(keys, approver=approver)


@pytest.fixture
def keys(furnished: tuple[Path, Keys]) -> Keys:
    return furnished[1]


@pytest.fixture
def fresh(furnished: tuple[Path, Keys], tmp_path: Path) -> Callable[[str], Path]:
    """Makes a directory of the test's own."""

    def make(name: str = "remit.d") -> Path:
        shutil.copytree(furnished[0], tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def directory(fresh: Callable[[str], Path]) -> Path:
    return fresh("remit.d")
