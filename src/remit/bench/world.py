"""What is asked: a small company's tools, goals and policies, and an endless row of distinct requests.

Every request differs: agent, instance and mission take turns, and a running number stands in the arguments and in the
call id. Of the policies ten apply to every call, whatever their number: they are the ten of the default pack that look
at each finding; the others are about other servers, agents and tools, as most policies of a company are for most calls.
"""

import hashlib
import itertools
import re
from collections.abc import Sequence

import msgspec

from remit.bench.holder import AUDIENCE, URI, proof, thumbprint
from remit.bench.load import FollowUp
from remit.policy import default_pack

SERVERS = ("office", "intranet")
ELSEWHERE = tuple(f"department-{number}" for number in range(6))  # servers that other policies are about
APPLYING = (
    "works-for-mission",
    "agent-may-not-act",
    "no-active-mission",
    "tool-unregistered",
    "evidence-missing",
    "rate-exceeded",
    "budget-exceeded",
    "steered-outside-goal",
    "from-outsider",
    "leaks",
)
_A_FILE = 1000  # policies: a file may have two megabytes
_COLLEAGUE, _ACCOUNT = "mira@halden.example", "DE02120300000000202051"
GOALS = (
    f"Read the messages and files about the quarterly report, then send a summary of it to {_COLLEAGUE}.",
    f"Look up the invoices and transactions of this month. Send what you find to {_COLLEAGUE}, and create a note.",
    f"Pay 25 to {_ACCOUNT} for the invoice, after you have read the message and the file about it.",
    f"Update the record of the customer from the files and messages about it, and tell {_COLLEAGUE} when it is done.",
)
RESULT = (
    "From: supplier@partner.example\nSubject: Quarterly report\n\nThe figures of the third quarter are attached. "
    "Revenue rose to 1,240,300 and costs fell. Invoice INV-2291 over 25.00 is due on Friday, to the account in it. "
) * 8


class ToolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tool, how often it is called, and the arguments of a call; `%` stands for the running number."""

    name: str
    about: str
    weight: int
    arguments: dict[str, object]
    listed: bool = True  # whether anybody registered it

    def definition(self) -> dict[str, object]:
        """As MCP lists it."""
        kinds = {str: "string", int: "integer", float: "number"}
        properties = {name: {"type": kinds[type(value)]} for name, value in self.arguments.items()}
        schema = {"type": "object", "properties": properties, "required": list(self.arguments)}
        return {"name": self.name, "description": self.about, "inputSchema": schema}


TOOLS = (
    ToolSpec(name="read_file", about="Read a file.", weight=6, arguments={"name": "reports/quarter-%.txt"}),
    ToolSpec(name="list_files", about="List the files of a folder.", weight=3, arguments={"folder": "reports/%"}),
    ToolSpec(name="read_message", about="Read a message of the mailbox.", weight=5, arguments={"id": "message-%"}),
    ToolSpec(name="search_messages", about="Search the mailbox.", weight=4, arguments={"query": "quarterly report %"}),
    ToolSpec(name="get_invoice", about="Get an invoice.", weight=3, arguments={"number": "INV-%"}),
    ToolSpec(name="list_transactions", about="List the transactions of an account.", weight=2, arguments={"page": "%"}),
    ToolSpec(name="create_note", about="Create a note.", weight=2, arguments={"title": "Note %", "text": "Report"}),
    ToolSpec(
        name="update_record", about="Update a customer's record.", weight=1, arguments={"id": "%", "status": "done"}
    ),
    ToolSpec(
        name="send_message",
        about="Send a message.",
        weight=3,
        arguments={"to": _COLLEAGUE, "subject": "Report %", "text": "The summary of the quarterly report."},
    ),
    ToolSpec(
        name="make_payment",
        about="Pay money to a recipient.",
        weight=1,
        arguments={"recipient": _ACCOUNT, "amount": 25.0, "reference": "INV-%"},
    ),
    ToolSpec(  # to whom a message told it to: a person is asked
        name="send_message",
        about="Send a message.",
        weight=1,
        arguments={"to": "supplier@partner.example", "subject": "Report %", "text": "The figures you asked for."},
        listed=False,
    ),
    ToolSpec(name="export_all", about="", weight=1, arguments={"to": "place-%"}, listed=False),  # denied
)
LISTED = tuple(tool for tool in TOOLS if tool.listed)
READS = TOOLS[:5]


class Identity(msgspec.Struct, frozen=True):
    """Who asks: an instance of an agent in a mission."""

    agent: bytes
    instance: bytes
    mission: bytes


def policies(count: int) -> dict[str, str]:
    """`count` policies by file: the ten, and others that apply to no call of this world."""
    blocks = {
        found[1]: block
        for text in default_pack().values()
        for block in re.split(r"\n(?=@id\()", text)
        if (found := re.match(r'@id\("([^"]+)"\)', block))
    }
    ten = "\n".join(re.split(r"\n//", blocks[name])[0] for name in APPLYING)
    others = [_other(number) for number in range(max(0, count - len(APPLYING)))]
    files = {
        f"others-{at // _A_FILE:03d}.cedar": "\n".join(others[at : at + _A_FILE])
        for at in range(0, len(others), _A_FILE)
    }
    return {"default.cedar": ten, **files}


def _other(number: int) -> str:
    """One of another department's."""
    server, tool = ELSEWHERE[number % len(ELSEWHERE)], LISTED[number % len(LISTED)].name
    scope = (
        f'principal in AgentGroup::"group-{number}", action in Action::"tool-call", resource',
        f'principal == Agent::"robot-{number}", action in Action::"tool-call", resource',
        f'principal, action in Action::"tool-call", resource in Server::"{server}"',
        f'principal is Agent, action == Action::"{server}/{tool}", resource',
    )[number % 4]
    return f"""\
@id("other-{number}")
@reason("rule {number} of another department")
forbid ({scope})
when {{ context.findings.flow == Flow::"tainted" && context.findings.authority != Authority::"within" }};
"""


class Requests:
    """Requests for the decision API of one enforcement point."""

    def __init__(self, key: str, identities: Sequence[Identity], tools: Sequence[ToolSpec] = TOOLS) -> None:
        self._identities = identities
        self._numbers = itertools.count()
        calls = [(server, tool) for tool in tools for server in SERVERS for _ in range(tool.weight)]
        calls.sort(key=lambda call: hashlib.sha256(repr(call[1].name).encode()).digest()[: call[1].weight])
        self._bodies = [_template(server, tool) for server, tool in calls]
        self._bound = [_template(server, tool, token=thumbprint()) for server, tool in calls]
        self._head = (
            "POST %s HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: "
        )
        self._one = (self._head % "/access/v1/evaluation").encode()
        self._many = (self._head % "/access/v1/evaluations").encode()
        self._outcomes = (self._head % "/v1/outcomes").encode()
        self._consume = (self._head % "/v1/tokens/consume").encode()

    def one(self) -> bytes:
        """One evaluation."""
        return _sent(self._one, self._body(self._bodies))

    def bound(self) -> bytes:
        """One evaluation that asks for a call token with its permit."""
        return _sent(self._one, self._body(self._bound))

    def many(self, size: int) -> bytes:
        """A batch."""
        items = b",".join([self._body(self._bodies) for _ in range(size)])
        return _sent(self._many, b'{"evaluations":[' + items + b"]}")

    def outcome(self, decision: bytes, content: str) -> FollowUp:
        body = {"decision": decision.decode(), "status": "succeeded", "content": content}
        return FollowUp(_sent(self._outcomes, msgspec.json.encode(body)))

    def consume(self, token: bytes) -> FollowUp:
        body = {"token": token.decode(), "proof": proof(token), "method": "POST", "uri": URI}
        return FollowUp(_sent(self._consume, msgspec.json.encode(body)))

    def _body(self, templates: Sequence[bytes]) -> bytes:
        number = next(self._numbers)
        turn, place = divmod(number, len(self._identities))
        who = self._identities[place]
        counted = b"%012d" % number
        return templates[(place + turn) % len(templates)] % (who.agent, who.instance, who.mission, counted, counted)


def _sent(head: bytes, body: bytes) -> bytes:
    return b"%b%d\r\n\r\n%b" % (head, len(body), body)


def _template(server: str, tool: ToolSpec, token: str | None = None) -> bytes:
    """A body with five places: agent, instance, mission, and twice the running number."""
    context: dict[str, object] = {"mission": "\0", "call_id": "call-\0", "arguments": _numbered(tool.arguments)}
    if token is not None:
        context["token"] = {"audience": AUDIENCE, "jkt": token}
    body = {
        "subject": {"type": "agent", "id": "\0", "properties": {"instance": "\0"}},
        "action": {"name": tool.name},
        "resource": {"type": "tool", "id": f"{server}/{tool.name}"},
        "context": context,
    }
    return msgspec.json.encode(body).replace(b"%", b"%%").replace(b"\\u0000", b"%b")


def _numbered(arguments: dict[str, object]) -> dict[str, object]:
    return {name: value.replace("%", "\0") if isinstance(value, str) else value for name, value in arguments.items()}
