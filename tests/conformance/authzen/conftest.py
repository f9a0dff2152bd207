"""One server with the certification fixture for the whole suite: no test here changes what another one sees."""

from collections.abc import Iterator

import pytest
from tests.conformance.authzen.world import World, serving


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("authzen") / "remit", certified=True) as running:
        yield running
