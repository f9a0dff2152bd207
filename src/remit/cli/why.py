"""`remit why`: one decision in full: the rule, the evidence with its quotes, and what would change it."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from remit.cli import output
from remit.cli.missions import path_segment
from remit.cli.session import Session, command
from remit.cli.text import cell, listed
from remit.terms import InvalidInput, NotFound

QUOTE = 600  # characters of a quote or an argument

_WORST = {"outside", "none", "instruction", "nowhere", "leaks", "breaks", "unregistered", "exceeded"}
_GOOD = {"within", "goal", "trusted", "clear", "fits", "known", "referenced"}


def register(app: typer.Typer) -> None:
    """As a command of `app`."""
    command(app, "why")(why)


def why(
    remit: Session, decision: Annotated[str, typer.Argument(metavar="DECISION", help="The decision's id.")]
) -> None:
    """Say why a call was decided as it was."""
    try:
        record = remit.get(f"/v1/records/{path_segment(decision)}")
    except NotFound:
        raise NotFound("no decision of this id is on record; `remit decisions` lists the newest") from None
    made = next((entry for entry in record["entries"] if entry["kind"] == "decision.made"), None)
    if made is None:
        raise InvalidInput("expected a decision's id; `remit audit show` tells about other things")
    active = remit.get("/v1/policies")
    rules = {rule["id"]: rule for rule in active["policies"]} if active["version"] == made["facts"]["policy"] else {}
    value = {
        "id": decision,
        "decision": made,
        "rules": [rules[code] for code in made["facts"]["reasons"] if code in rules],
        "call": record.get("call"),
        "result": record.get("result"),
        "later": [entry for entry in record["entries"] if entry is not made],
        "request": _request(remit, made["facts"]),
    }
    remit.answer(value, lambda value: list(_told(value, rules)))


def _request(remit: Session, facts: dict[str, Any]) -> dict[str, Any] | None:
    """The request to a person that an ask opened, as it stands now; None where there is none, or none any more."""
    if facts["effect"] != "ask" or not facts.get("approval"):
        return None
    try:
        found: dict[str, Any] = remit.get(f"/v1/approvals/{path_segment(facts['approval'])}")["approval"]
    except NotFound:
        return None
    return found


def _told(value: dict[str, Any], rules: dict[str, Any]) -> Iterator[Any]:
    made, call = value["decision"], value["call"] or {}
    facts = made["facts"]
    yield Text.assemble(
        output.state(facts["effect"]), "  ", cell(facts["resource"], "bold"), "  ", cell(value["id"], "dim")
    )
    yield output.fields(
        (
            ("at", f"{output.moment(made['time'])}, entry {made['seq']}"),
            ("agent", facts.get("agent")),
            ("instance", facts.get("instance")),
            ("mission", facts.get("mission")),
            ("asked by", made["actor"]),
            ("does", listed(facts.get("classes"), "")),
            ("approval", facts.get("approval")),
        )
    )
    said = {reason["code"]: reason["message"] for reason in call.get("reasons") or ()}
    yield Text("because", "bold")
    for code in facts["reasons"]:
        rule = rules.get(code, {})
        yield _indented(
            Text.assemble(cell(code, "cyan"), "  ", cell(rule.get("reason") or said.get(code, ""), limit=2000)), 2
        )
        if rule:
            yield _indented(cell(f"{rule.get('file', '')}:{rule.get('line', '')}", "dim"), 4)
    yield from _evidence(value["call"])
    yield from _remedy(facts, call, rules, value["request"])
    for entry in value["later"]:
        yield cell(f"then: {entry['kind']} {output.moment(entry['time'])}, entry {entry['seq']}", "dim")


def _evidence(call: dict[str, Any] | None) -> Iterator[Any]:
    if call is None:
        yield Text("arguments and evidence: none, or erased", "dim")
        return
    yield Text("arguments", "bold")
    for name, argument in call["arguments"].items():
        shown = argument if isinstance(argument, str) else output.one_line(argument)
        yield _indented(Text.assemble(cell(name), " = ", cell(shown, limit=QUOTE)), 2)
    yield Text("findings", "bold")
    for finding in call["findings"]:
        verdict = finding["verdict"]
        style = "red" if verdict in _WORST else "green" if verdict in _GOOD else "yellow"
        yield _indented(
            Text.assemble(
                cell(f"{finding['kind']} "), cell(verdict, style), "  ", cell(finding["message"], limit=2000)
            ),
            2,
        )
        for evidence in finding["rests_on"]:
            where = " ".join(part for part in (evidence["what"], evidence["source"], evidence["where"]) if part)
            yield _indented(cell(where, "dim", 1000), 4)
            if evidence["quote"]:
                yield _indented(Text.assemble("“", cell(evidence["quote"], "italic", QUOTE), "”"), 6)


def _indented(text: Text, left: int) -> Padding:
    return Padding(text, (0, 0, 0, left), expand=False)


def _remedy(
    facts: dict[str, Any], call: dict[str, Any], rules: dict[str, Any], request: dict[str, Any] | None
) -> Iterator[Any]:
    if facts["effect"] == "permit":
        return
    remedies = [rules[code]["remedy"] for code in facts["reasons"] if rules.get(code, {}).get("remedy")]
    recorded = (call.get("remedy") or {}).get("message")
    if recorded:
        remedies = [recorded]
    if request is not None:
        waits = f"a person can lift it: remit approvals approve {request['id']}"
        over = f"request {request['id']} is {request['state']}; asked again, the call opens another"
        remedies.append(waits if request["state"] == "pending" else over)
    if remedies:
        yield Text("what would change it", "bold")
        for remedy in remedies:
            yield _indented(cell(remedy, "green", 2000), 2)
