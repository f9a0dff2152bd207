"""Peers are what their versions say: an environment that was made for others is made again."""

from pathlib import Path

import pytest

from remit.bench import peers


@pytest.mark.parametrize(
    ("found", "usable"),
    [(None, False), ("", False), ("pycasbin==2.8.0", False), ("\n".join(peers.PYTHON), True)],
    ids=["none", "of an older form", "of fewer", "these"],
)
def test_an_environment_counts_only_with_these_very_peers_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str | None, usable: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    place = peers.cache() / "python"
    place.mkdir(parents=True)
    if found is not None:
        (place / "complete").write_text(found, encoding="utf-8")
    program = peers.python(install=False)
    assert program == place / "bin" / "python" if usable else "--install" in str(program)
