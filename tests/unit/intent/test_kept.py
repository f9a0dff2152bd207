"""What is kept of people's texts for speed, and that it can be emptied."""

import importlib
import pkgutil
from functools import _lru_cache_wrapper

from tests.unit.intent.test_memory import taken

import remit.intent
from remit.intent import Memory, compile_goal, forget, views
from remit.intent.kept import EMPTYING
from remit.terms import Bounds

# Of tools, of an argument's name, of single words: no texts of a mission.
_LEXICONS = ("remit.intent.lexicon", "remit.intent.nouns")  # of single words
_OTHERS = {
    "_view",
    "_is_setting",
    "_unit_of",
    "field_tells",
    "is_choice",
    "_elsewhere",
    "_in_order",
    "_label",
    "_misspelt",
}


def test_every_table_of_texts_is_emptied() -> None:
    modules = [
        importlib.import_module(f"remit.intent.{one.name}") for one in pkgutil.iter_modules(remit.intent.__path__)
    ]
    tables = {
        id(table): (f"{module.__name__}.{name}", table)
        for module in modules
        if module.__name__ not in _LEXICONS
        for name, table in vars(module).items()
        if isinstance(table, _lru_cache_wrapper) and table.__module__.startswith("remit.intent.")
        if table.__module__ not in _LEXICONS and table.__name__ not in _OTHERS
    }
    emptied = {id(getattr(empty, "__self__", None)) for empty in EMPTYING}
    assert [name for key, (name, _) in tables.items() if key not in emptied] == []

    compile_goal("Pay Quetzal-4711 what 'the old note' says, on May 5th.", bounds=Bounds())
    taken("Please pay Quetzal-4711.", path="quetzal")
    assert any(table.cache_info().currsize for _, table in tables.values())
    forget()
    assert [name for name, table in tables.values() if table.cache_info().currsize] == []
    assert not views._VIEWS


def test_what_was_forgotten_is_worked_out_again() -> None:
    memory: Memory = taken("Please pay Quetzal-4711.")
    again: Memory = taken("Please pay Quetzal-4711.")
    forget()
    after: Memory = taken("Please pay Quetzal-4711.")
    for one in (memory, again, after):
        assert one.seen("quetzal-4711")[0].instruction
        assert one.spoken[0].grants == after.spoken[0].grants
