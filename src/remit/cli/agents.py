"""`remit agents` and `remit instances`: who acts, and containing them."""

from typing import Annotated, Any

import typer

from remit.cli import output
from remit.cli.session import Session, command, group
from remit.cli.text import listed, plain

app = group("Agents: list, register, contain.")
instances = group("Running instances of agents: list, contain.")

AgentId = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's id.")]
InstanceId = Annotated[str, typer.Argument(metavar="INSTANCE", help="The instance's id.")]
Cause = Annotated[str, typer.Option("--cause", help="Why: goes on record.")]


@command(app, "list")
def list_agents(remit: Session) -> None:
    """All agents, discovered ones too."""

    def render(value: Any) -> Any:
        rows = [
            (one["id"], output.state(one["state"]), one["owner"], one["category"], listed(one["groups"]), one["cause"])
            for one in value["agents"]
        ]
        columns = ("agent", "state", "owner", "category", "groups", "cause")
        return output.table(columns, rows, empty="no agents yet: `remit agents register ID --owner PERSON`")

    remit.answer(remit.get("/v1/agents"), render)


@command(app, "show")
def show_agent(remit: Session, agent: AgentId) -> None:
    """One agent with its instances."""
    found = remit.get("/v1/agents", id=agent)["agents"]
    value = {"agent": found[0], "instances": remit.get("/v1/instances", agent=agent)["instances"]}
    remit.answer(value, lambda value: (_agent(value["agent"]), _instances(value["instances"])))


@command(app, "register")
def register_agent(
    remit: Session,
    agent: AgentId,
    owner: Annotated[str, typer.Option(help="The accountable person.")],
    name: Annotated[str | None, typer.Option(help="A name for people.")] = None,
    category: Annotated[str | None, typer.Option(help="Its kind, as policies name it.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group that policies name; may be repeated.")] = None,
) -> None:
    """Register an agent, or take over a discovered one; its key is shown once."""
    body = {"id": agent, "owner": owner, "name": name, "category": category, "groups": group or None}
    value = remit.post("/v1/agents", body)
    remit.answer(value, lambda value: (_agent(value["agent"]), f"key, shown this once: {plain(value['key'])}"))


def _change(name: str, state: str, about: str) -> None:
    def change(remit: Session, agent: AgentId, cause: Cause = "") -> None:
        value = remit.post("/v1/agents/state", {"id": agent, "state": state, "cause": cause})
        remit.answer(value, lambda value: _agent(value["agent"]))

    change.__doc__ = about
    command(app, name)(change)


_change("quarantine", "quarantined", "Stop an agent at once; it can come back.")
_change("restrict", "restricted", "Let an agent act only as policy allows restricted agents.")
_change("activate", "active", "Let an agent act (again).")
_change("retire", "retired", "End an agent for good; its id is never used again.")


@command(instances, "list")
def list_instances(remit: Session, agent: AgentId) -> None:
    """The instances of an agent, with the labels they carry."""
    remit.get("/v1/agents", id=agent)  # one that is not there has no instances either, and should hear so
    remit.answer(remit.get("/v1/instances", agent=agent), lambda value: _instances(value["instances"]))


def _change_instance(name: str, state: str, about: str) -> None:
    def change(remit: Session, instance: InstanceId, cause: Cause = "") -> None:
        value = remit.post("/v1/instances/state", {"id": instance, "state": state, "cause": cause})
        remit.answer(value, lambda value: _instances([value["instance"]]))

    change.__doc__ = about
    command(instances, name)(change)


_change_instance("quarantine", "quarantined", "Stop one instance; the agent's others go on.")
_change_instance("activate", "active", "Let a quarantined instance act again.")
_change_instance("end", "ended", "End an instance for good.")


def _agent(agent: dict[str, Any]) -> Any:
    return output.fields(
        (
            ("agent", agent["id"]),
            ("name", agent["name"]),
            ("state", output.state(agent["state"])),
            ("cause", agent["cause"]),
            ("owner", agent["owner"]),
            ("category", agent["category"]),
            ("groups", listed(agent["groups"], "")),
            ("since", output.moment(agent["created"])),
        )
    )


def _instances(found: list[dict[str, Any]]) -> Any:
    integrity = ("outside", "internal", "vouched")
    rows = [
        (
            one["id"],
            output.state(one["state"]),
            integrity[one["label"]["integrity"]],
            listed(one["label"]["origins"]),
            one["cause"],
        )
        for one in found
    ]
    return output.table(("instance", "state", "integrity", "took in from", "cause"), rows, empty="no instances yet")
