"""A manifest of duties: each has an id, its source and a sentence of ours; tests name the ids that they prove.

    @covers("authzen.denial-is-a-success")
    def test_...

A test of each suite checks that its manifest and what its tests cover are the same list.
"""

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import NamedTuple, TypeVar

_F = TypeVar("_F", bound=Callable[..., object])
_COVERED = "covered_requirements"


class Requirement(NamedTuple):
    """One duty of a specification."""

    id: str
    source: str
    text: str


def covers(*ids: str) -> Callable[[_F], _F]:
    """Mark a test as the proof of these requirements."""

    def mark(test: _F) -> _F:
        setattr(test, _COVERED, ids)
        return test

    return mark


def covered(modules: Iterable[ModuleType]) -> set[str]:
    """What the tests of `modules` say that they cover."""
    found: set[str] = set()
    for module in modules:
        for name, test in vars(module).items():
            if name.startswith("test_"):
                found.update(getattr(test, _COVERED, ()))
    return found
