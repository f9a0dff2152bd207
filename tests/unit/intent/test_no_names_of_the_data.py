"""Rules that know the recorded data's names are worth nothing on other data: none of them stands in `src/`.

What counts as a name: accounts, mail addresses, links and file names that the runs mention; people who act in them; and
any five words in a row of an injected text. The data lies beside the repository or where `REMIT_DATA` says.
"""

import gzip
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("REMIT_DATA", ROOT.parent / "shared" / "data"))
SETS = ("recorded-banking", "recorded-slack", "spliced-plain-banking", "spliced-plain-slack", "benign-tau-airline")

_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{10,30}\b")
_ADDRESS = re.compile(r"\b[\w.+-]{1,40}@[\w-]{1,40}\.[a-z]{2,6}\b")
_LINK = re.compile(r"\bwww\.[\w-]{3,40}(?:\.[\w-]{2,20}){1,3}\b")
_FILE = re.compile(r"\b[a-z]{3,20}(?:-[a-z0-9]{2,20})+\.txt\b")
_PERSON = re.compile(r"[A-Z][a-z]{2,20}")
_TEXTBOOK = {"Alice", "Bob", "Eve"}  # they belong to every text on security
_NAMING = {"user", "recipient", "first_name", "last_name", "name"}

pytestmark = pytest.mark.skipif(
    not (DATA / "traces").is_dir(), reason=f"the recorded runs are not at {DATA}; set REMIT_DATA to where they are"
)


def _runs() -> Iterator[dict[str, Any]]:
    for name in SETS:
        with gzip.open(DATA / "traces" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _injected() -> dict[str, str]:
    texts = {}
    for path in sorted((DATA / "labels").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row.get("injection_goal"):
                texts[row["id"]] = row["injection_goal"]
    return texts


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _runs_of_five(text: str) -> set[str]:
    words = _words(text)
    return {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}


@pytest.fixture(scope="module")
def source() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py")))


def test_no_account_address_link_or_file_of_the_data_stands_in_the_source(source: str) -> None:
    found: set[str] = set()
    for run in _runs():
        text = run["goal"] + json.dumps(run["calls"], ensure_ascii=False)
        for pattern in (_ACCOUNT, _ADDRESS, _LINK, _FILE):
            found.update(pattern.findall(text))
    assert len(found) > 50
    assert [name for name in sorted(found) if name.lower() in source.lower()] == []


def test_nobody_who_acts_in_the_data_is_named_where_calls_are_judged() -> None:
    """A first name alone is no rule; the story that the demo tells may have one in common."""
    rooms = ("intent", "catalogue", "policy", "decision", "mediation", "replay")
    source = "\n".join(
        path.read_text(encoding="utf-8") for room in rooms for path in (ROOT / "src" / "remit" / room).rglob("*.py")
    )
    people: set[str] = set()
    for run in _runs():
        for call in run["calls"]:
            if isinstance(call["arguments"], dict):
                values = (value for key, value in call["arguments"].items() if key in _NAMING)
                people.update(v for v in values if isinstance(v, str) and _PERSON.fullmatch(v))
    people -= _TEXTBOOK
    assert len(people) >= 4
    assert people & set(re.findall(r"[A-Za-z]+", source)) == set()


def test_no_phrase_of_an_injection_stands_in_the_source(source: str) -> None:
    injected = _injected()
    phrases: set[str] = set()
    for text in injected.values():
        phrases |= _runs_of_five(text)
    for run in _runs():
        goal = injected.get(run["id"], "")
        for call in run["calls"] if goal else ():
            flat = " ".join(str(call["result"]).split())
            at = flat.find(goal[:30])
            if at >= 0:  # the wrapper around it, too
                phrases |= _runs_of_five(flat[max(0, at - 300) : at + len(goal) + 300])
    assert len(phrases) > 100
    assert phrases & _runs_of_five(source) == set()
