"""What each argument of a tool is for: what is acted on, where data goes, free text, money.

Read from the last word of the argument's name (its head: `reply_to_message_id` is an id), the words before it, its
description, format and type. Paths are dotted, with `[]` for "each item": `attendees[]`, `flights[].date`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from remit.catalogue.words import singular, split, word_set
from remit.terms import OperationClass

MAX_LEAVES = 200
MAX_LEVELS = 6

_C = OperationClass


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """One argument, or one field of a structured one."""

    path: str
    words: tuple[str, ...]  # of its own name
    around: tuple[str, ...] = ()  # of the names that contain it
    kind: str = ""  # JSON type, "" when open
    format: str = ""
    options: bool = False  # an enumeration: the value is one of the tool's own
    description: str = ""

    @property
    def head(self) -> str:
        return singular(self.words[-1]) if self.words else ""

    @property
    def text(self) -> bool:
        return self.kind in ("", "string") and not self.options


def leaves(schema: Mapping[str, Any]) -> tuple[Leaf, ...]:
    """The arguments of a resolved schema."""
    found: list[Leaf] = []
    for leaf in _walk(schema, "", (), (), 0):
        found.append(leaf)
        if len(found) >= MAX_LEAVES:
            break
    return tuple(found)


def _walk(schema: Any, path: str, words: tuple[str, ...], around: tuple[str, ...], level: int) -> Iterator[Leaf]:
    if not isinstance(schema, Mapping):
        schema = {}
    if level < MAX_LEVELS:
        inner = False
        for part in _alternatives(schema):
            for name, item in _properties(part).items():
                inner = True
                yield from _walk(item, f"{path}.{name}" if path else name, split(name), around + words, level + 1)
            if isinstance(part.get("items"), Mapping):
                inner = True
                items = part["items"]
                merged = items if "description" in items else {**items, "description": part.get("description", "")}
                yield from _walk(merged, f"{path}[]", words, around, level + 1)
        if inner or not path:
            return
    yield Leaf(
        path=path,
        words=words,
        around=around,
        kind=_kind(schema),
        format=str(schema.get("format", "")),
        options="enum" in schema or "const" in schema,
        description=str(schema.get("description", ""))[:400].lower(),
    )


def _alternatives(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [schema]
    for key in ("allOf", "anyOf", "oneOf"):
        parts = schema.get(key)
        if isinstance(parts, list):
            found += [part for part in parts if isinstance(part, Mapping)]
    return found


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _kind(schema: Mapping[str, Any]) -> str:
    for part in _alternatives(schema):
        kind = part.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "")
        if isinstance(kind, str) and kind != "null":
            return kind
    return ""


_ADDRESS = word_set(
    """recipient to cc bcc email mail iban payee beneficiary receiver addressee channel url uri href link webhook
    endpoint callback phone mobile attendee participant invitee guest wallet remote mailbox subscriber domain
    host hostname ip address audience destination msisdn fax handle chat conversation"""
)
_PLACE_URL = word_set("url uri href link webhook callback website webpage")
_DELIVERED = word_set("""destination target send export share output result report forward""")
_HOST = word_set("domain host hostname ip endpoint server")
_POINTED = word_set(
    "address recipient delegate target destination forward forwarding redirect mailbox substitute deputy"
)
# How somebody is reached, or where what is theirs arrives, from the change on.
_REACHED = word_set(
    """email mail phone mobile telephone cell msisdn fax iban address addr street whatsapp payout payee mailbox pager
    wallet upi swift"""
)
_NEW = word_set("new updated target replacement")
_NAMED = word_set("id uuid guid identifier number no code ref key username sku slug handle")
_LEFT = word_set(
    "old current previous former existing ip mac location pickup"
)  # what is no longer, and what is no person's
_SOMEBODY = word_set("person beneficiary payee nominee heir")
_BRANCHED = word_set("target destination provider carrier operator successor")
_MESSAGES = word_set("email mail message")
_ORIGIN = word_set("from source sender origin debit")  # where things come from, not where they go
_ITINERARY = word_set("origin departure arrival pickup airport cabin flight passenger travel trip")
_PARTY = word_set("""user customer member person account contact team group assignee to client vendor supplier chat""")
_MONEY = word_set(
    """amount price total cost fee fare payment salary tip bid budget sum payout refund deposit usd eur
    cent balance bonus credit rate money"""
)
_PERHAPS_MONEY = word_set("value worth")  # where money moves; else it is whatever a field is set to
_ONWARD = word_set("forward send share deliver export copy redirect")
_TEXT = word_set(
    """body message text content subject note comment description summary title caption thought html markdown
    reason memo instruction prompt feedback bio snippet detail reply tweet post remark explanation template
    narrative answer greeting statement status_text headline attachment paragraph blob data payload resolution
    purpose"""
)
_OPTION = word_set(
    """action op operation verb method decision
    limit offset page size sort order format language locale mode type status direction cursor timeout depth
    width height quality verbose flag recursive date time start end since until day month year hour minute
    second count quantity unit timezone currency color colour level priority filter field fields max min
    threshold include exclude per number_of encoding version radius zoom percent percentage cabin class category
    token password secret key pin otp interval frequency period recurrence cadence"""
)
_IDENTITY = word_set("id uuid guid identifier number no code ref key name handle username")


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    targets: tuple[str, ...]
    sinks: tuple[str, ...]
    content: tuple[str, ...]
    amounts: tuple[str, ...]


def roles(
    found: tuple[Leaf, ...],
    classes: tuple[OperationClass, ...],
    *,
    standing: bool = False,
    reaching: bool = False,
    passing: bool = False,
) -> Roles:
    """The part each argument plays in a call of these classes; `standing` of a tool whose work goes on by itself,
    `reaching` of one that says by its name how somebody is reached, or where what is theirs arrives, `passing` of one
    that gives something to somebody for good."""
    sends = bool({_C.COMMUNICATE, _C.TRANSFER} & set(classes))
    writes = set(classes) != {_C.READ}
    sinks = [leaf.path for leaf in found if _is_sink(leaf, classes)]
    if len(sinks) > 1 and not all(map(_names_message, (leaf for leaf in found if leaf.path in sinks))):
        sinks = [leaf.path for leaf in found if leaf.path in sinks and not _names_message(leaf)]
    if standing and writes:
        sinks += [leaf.path for leaf in found if leaf.path not in sinks and _is_pointed(leaf)]
    sinks += [leaf.path for leaf in found if leaf.path not in sinks and _arrives(leaf, found, classes, reaching)]
    if passing and writes and not sinks and not any(_ORIGIN & {*leaf.words} for leaf in found):
        sinks = [leaf.path for leaf in found if leaf.text and (leaf.words == ("to",) or leaf.head in _SOMEBODY)]
    if any(_ITINERARY & {*leaf.words, *leaf.around} for leaf in found):
        sinks = [path for path in sinks if not path.endswith(("destination", "_to"))]
    if sends and not sinks and not {_C.CREATE, _C.UPDATE} & set(classes):
        sinks = [leaf.path for leaf in found if is_party(leaf) and _is_party_to(leaf, classes)]
        sinks = sinks or [leaf.path for leaf in found if leaf.text and leaf.words == ("number",)]
    elif _C.TRANSFER in classes and any({"card", "from", "source"} & {*leaf.words} for leaf in found):
        sinks += [leaf.path for leaf in found if leaf.words == ("account",) and leaf.path not in sinks]
    pays = _C.TRANSFER in classes
    amounts = [
        leaf.path
        for leaf in found
        if writes and leaf.path not in sinks and (is_money(leaf) or (pays and leaf.head in _PERHAPS_MONEY))
    ]
    content = [
        leaf.path
        for leaf in found
        if leaf.path not in sinks and (_is_text(leaf) or (pays and leaf.words == ("reference",) and leaf.text))
    ]
    taken = {*sinks, *amounts, *content}
    targets = [leaf.path for leaf in found if leaf.path not in taken and _is_target(leaf)]
    return Roles(targets=tuple(targets), sinks=tuple(sinks), content=tuple(content), amounts=tuple(amounts))


def _names_message(leaf: Leaf) -> bool:
    """Says which message is sent on or answered, not to whom: `email_id`."""
    return leaf.head in ("id", "uid") and len(leaf.words) > 1 and singular(leaf.words[-2]) in (*_MESSAGES, "to")


def _is_pointed(leaf: Leaf) -> bool:
    """Where what comes in goes from now on: the `target` of a rule, the `target_number` of a forwarding."""
    return leaf.text and (leaf.head in _POINTED or bool({"target", "forward", "destination"} & {*leaf.words}))


def _arrives(leaf: Leaf, found: tuple[Leaf, ...], classes: tuple[OperationClass, ...], reaching: bool) -> bool:
    """Whether a change says where mail, calls, goods or money of somebody go from now on.

    An address by which somebody is found is none: `unlock_account(email)`. It is new where the argument or the tool's
    name says so, or where another argument already says whose it is."""
    does = set(classes)
    if not leaf.text or _C.READ in does or _LEFT & {*leaf.words, *leaf.around} or _ORIGIN & {*leaf.words}:
        return False
    words = [singular(word) for word in leaf.words if not word.isdigit()]
    if "iban" in words:
        return bool(does & {_C.CREATE, _C.UPDATE, _C.TRANSFER})
    head = words[-1] if words else ""
    if _C.TRANSFER in does:
        return head == "address" and not {"billing", "pickup", "collection"} & {*words}
    if _C.UPDATE not in does:
        return False
    if reaching and head in _BRANCHED:
        return True
    if head not in _REACHED and not (head == "number" and _REACHED & {*words}):
        return False
    return reaching or bool(_NEW & {*words}) or any(other.path != leaf.path and other.head in _NAMED for other in found)


def is_place(leaf: Leaf) -> bool:
    """Names a place on a network that whoever fills it in may choose."""
    return leaf.kind in ("", "string") and (leaf.format in ("uri", "url") or leaf.head in _PLACE_URL)


def is_delivery(leaf: Leaf) -> bool:
    """Says where the result is to be delivered, beside the answer itself: `destination_email`, `send_to`."""
    if not leaf.text and leaf.kind != "array":
        return False
    words = {singular(word) for word in leaf.words}
    if words & {"recipient", "cc", "bcc", "deliver", "notify"}:
        return True
    return bool(words & _DELIVERED) and bool(words & {"email", "mail", "address", "webhook", "bucket", "phone", "to"})


def sends_on(leaf: Leaf) -> bool:
    """Says to whom what is made or changed goes: `forward_to`, `recipient`."""
    if not leaf.text and leaf.kind != "array":
        return False
    words = {singular(word) for word in leaf.words}
    return "recipient" in words or (leaf.words[-1:] in (("to",), ("with",)) and bool(words & _ONWARD))


def names_host(leaf: Leaf) -> bool:
    """Names a machine; whoever runs its name service or listens there learns what is asked of it."""
    return leaf.text and (leaf.format in ("hostname", "ipv4", "ipv6") or leaf.head in _HOST)


def is_money(leaf: Leaf) -> bool:
    if leaf.options or leaf.kind not in ("", "number", "integer", "string") or {"min", "max"} & set(leaf.words):
        return False
    return leaf.head in _MONEY or ("amount" in leaf.words and leaf.head not in _IDENTITY)


def names_recipient(leaf: Leaf) -> bool:
    """Names somebody or something outside the tool that data or money goes to."""
    if leaf.options or leaf.kind not in ("", "string", "integer") or _ORIGIN & set(leaf.words):
        return False
    words = {singular(word) for word in leaf.words}
    if _is_said(leaf):
        return False
    if leaf.kind == "integer" and leaf.head in ("guest", "attendee", "participant", "invitee"):
        return False  # how many
    if leaf.head in _TEXT and not {"recipient", "to"} & words:
        return False  # `email_body`
    if leaf.format in ("email", "idn-email", "uri", "url"):
        return True
    if leaf.head in _IDENTITY and len(leaf.words) > 1:
        return singular(leaf.words[-2]) in _ADDRESS
    return leaf.head in _ADDRESS or bool(words & {"recipient", "payee", "beneficiary", "receiver", "email"})


def names_payee(leaf: Leaf) -> bool:
    """Names where money goes: a recipient, or an account that is not where it comes from."""
    return names_recipient(leaf) or ("account" in leaf.words and not _ORIGIN & set(leaf.words))


def _is_sink(leaf: Leaf, classes: tuple[OperationClass, ...]) -> bool:
    if {_C.COMMUNICATE, _C.TRANSFER} & set(classes):
        if _C.READ in classes:
            return is_place(leaf) or is_delivery(leaf)
        return (
            names_recipient(leaf)
            or is_delivery(leaf)
            or leaf.words == ("with",)
            or leaf.head == "destination"
            or (_C.TRANSFER in classes and _is_credited(leaf))
        )
    if {_C.CREATE, _C.UPDATE} & set(classes):
        words = {singular(word) for word in (*leaf.words, *leaf.around)}
        named = words & {"attendee", "participant", "invitee", "webhook", "recipient"}
        return bool(named) or is_place(leaf) or sends_on(leaf)
    return False


def _is_credited(leaf: Leaf) -> bool:
    """An account that is said to be the one to which money goes."""
    return "account" in leaf.words and bool({"to", "target", "destination", "credit", "payout"} & {*leaf.words})


def is_party(leaf: Leaf) -> bool:
    words = {singular(word) for word in leaf.words}
    return not leaf.options and leaf.kind in ("", "string", "integer") and bool(words & _PARTY)


def _is_party_to(leaf: Leaf, classes: tuple[OperationClass, ...]) -> bool:
    """Who is written to or paid; the account from which one posts is the caller's own."""
    if _ORIGIN & {*leaf.words}:
        return False
    return _C.TRANSFER in classes or singular(leaf.words[-1]) != "account"


def _is_text(leaf: Leaf) -> bool:
    return leaf.kind in ("", "string") and not leaf.options and (leaf.head in _TEXT or _is_said(leaf))


def _is_said(leaf: Leaf) -> bool:
    """What is said, and not to whom: `note_to_driver`."""
    return leaf.words[:1] in (("message",), ("note",)) and leaf.words[1:2] in (("to",), ("for",))


def _is_target(leaf: Leaf) -> bool:
    if leaf.options or leaf.kind in ("boolean", "null") or not leaf.words:
        return False
    if leaf.head in _IDENTITY and (leaf.kind not in ("number", "integer") or leaf.head not in ("key", "name", "code")):
        return True  # `pull_number` is a number and a name
    return leaf.kind != "number" and leaf.kind != "integer" and leaf.head not in _OPTION
