"""What a tool does, read from its name, its description, its arguments and its hints.

Nobody has vouched for any of these, so the reading never takes a tool at its word when the word lowers the risk:
annotations and descriptions only add classes, and a verb that nobody knows may be anything dangerous. What it cannot do
is see a lie: a tool named `get_weather` that deletes files reads as a read. A person corrects that (`correct`).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from remit.catalogue import lexicon
from remit.catalogue.arguments import (
    Leaf,
    Roles,
    is_delivery,
    is_money,
    is_party,
    is_place,
    leaves,
    names_host,
    names_payee,
    names_recipient,
    roles,
    sends_on,
)
from remit.catalogue.clauses import Clause, clauses_of, is_loose, known, verbs_told
from remit.catalogue.described import Told, told
from remit.catalogue.turns import turned
from remit.catalogue.words import singular, split, word_set
from remit.terms import OperationClass

_C = OperationClass
_DANGEROUS = (_C.UPDATE, _C.DELETE, _C.COMMUNICATE, _C.EXECUTE)
_CODE = word_set("""command cmd commands sql script javascript bash shell statement statements manifest playbook""")
_PERHAPS_CODE = word_set("query code expression function")
_LANGUAGES = ("sql", "cypher", "graphql", "python", "javascript", "shell", "bash", "source code", "sparql", "promql")


# What it is pointed at gets what comes in from then on.
_STANDING = word_set(
    """rule filter forwarding forward redirect redirection delegate delegation subscription webhook trigger automation
    alias autoforward divert diversion routing relay"""
)
_REACHING = word_set(
    """email mail phone mobile telephone address contact profile detail iban bank account delivery shipping payout
    forwarding number domain line whatsapp"""
)
_EVENTS = word_set("event guest party meeting calendar dinner wedding rsvp webinar interview attendee")
_PASSING = word_set("transfer handover reassign give")
_HEIRS = word_set("beneficiary payee nominee heir")
_REROUTING = word_set("redirect divert reroute forward port")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    classes: tuple[OperationClass, ...]
    roles: Roles
    outside: bool
    sure: bool
    because: str


def read(
    name: str,
    description: str,
    schema: Mapping[str, Any],
    annotations: Mapping[str, Any],
    implied: tuple[OperationClass, ...] = (),
) -> Reading:
    """The reading of one definition. `schema` is resolved; `implied` is what a protocol says (an HTTP method)."""
    found = leaves(schema)
    clauses = clauses_of(name, description)
    if not clauses and _converts(name, found):
        clauses = [Clause(verb="convert", words=())]
    if not clauses or is_loose(clauses, name):
        clauses = known(name, description, found, nouns=not clauses) or clauses
    classes: set[OperationClass] = set(implied)
    notes: list[str] = []
    for clause in clauses:
        classes |= {_C.READ} if _opens_to_look(clause, description) else _meaning(clause, found)
        classes |= _named_after(clause, description, found)
        notes.append(f"`{clause.verb}` {clause.object}".strip())
    sure, proven = bool(classes), not _proves_nothing(classes, clauses, name, description)
    if not _arithmetic(clauses, found):
        sure = _add_described(classes, clauses, description, notes) and sure
    if not classes or not proven:
        sure = False
        classes |= {*_DANGEROUS, _C.READ}
        notes.append("no verb that is known: read as what is dangerous")
    _add_arguments(classes, {clause.verb for clause in clauses}, found, description, notes)
    _add_hints(classes, annotations, notes)
    ordered = tuple(one for one in OperationClass if one in classes)
    return Reading(
        classes=ordered,
        roles=roles(found, ordered, standing=_stands(clauses), reaching=_reaches(clauses), passing=_passes(clauses)),
        outside=_outside(ordered, clauses, found, sure),
        sure=sure,
        because=ascii("; ".join(notes))[1:-1][:300],
    )


def _opens_to_look(clause: Clause, description: str) -> bool:
    """`open_event`, "Opens the planning sheet of an event": the description says what is opened."""
    said = told(description)
    if clause.verb != "open" or not said or said[0].verb != "open":
        return False
    opened = Clause(verb="open", words=said[0].words)
    return bool(opened.object) and lexicon.noun_in(opened.object, lexicon.NOUNS_OPENED)


def _converts(name: str, found: tuple[Leaf, ...]) -> bool:
    """`gallon_to_liter(amount)`, `square_root(number)`: one figure made into another."""
    words = split(name)
    computes = "to" in words[1:-1] or words[-1:] in (("conversion",), ("root",), ("converter",), ("difference",))
    return (
        computes and bool(found) and all(leaf.kind in ("number", "integer") or "unit" in leaf.words for leaf in found)
    )


def _stands(clauses: list[Clause]) -> bool:
    return any(clause.object in _STANDING or clause.verb in ("redirect", "divert", "reroute") for clause in clauses)


def _passes(clauses: list[Clause]) -> bool:
    """Whether something is given to somebody who will have it from then on: `transfer_licence`, `change_heir`."""
    return any(clause.verb in _PASSING or clause.head in _HEIRS for clause in clauses)


def _reaches(clauses: list[Clause]) -> bool:
    """Whether a name says that it is about how somebody is reached: `change_phone`, `port_number`."""
    return any(clause.verb in _REROUTING or _REACHING & {*map(singular, clause.words)} for clause in clauses)


def verbs_of(name: str, description: str) -> list[tuple[str, str]]:
    """The verbs of a name, each with what it acts on; [] where only the description tells."""
    return [(clause.verb, clause.object) for clause in clauses_of(name, description)]


def _proves_nothing(classes: set[OperationClass], clauses: list[Clause], name: str, description: str) -> bool:
    """Whether the only sign of a harmless read is a word that may be a noun, behind a head that nobody knows."""
    if classes != {_C.READ} or not clauses or clauses[0].verb not in lexicon.READ_NOUNS:
        return False
    words = [word for word in split(name) if word not in lexicon.NOISE]
    second = lexicon.verb(words[1]) if len(words) > 1 else ""
    if second == clauses[0].verb != "query" and (len(words) == 2 or not clauses[0].trails):
        return (
            False  # `ticket_search`: a thing, and what is done with it; `calendar_list_events`: a namespace before it
        )
    head = words[0] if words else ""
    told = verbs_told(description)
    return lexicon.verb(head) == "" and not any(lexicon.VERBS[verb] == (_C.READ,) for verb in told)


def _named_after(clause: Clause, description: str, found: tuple[Leaf, ...]) -> set[OperationClass]:
    """What a verb behind its namespace does: `blog_draft`, "Draft a comment"."""
    said = told(description)
    if not clause.trails or not said or said[0].verb != clause.verb:
        return set()
    if not {_C.CREATE, _C.DELETE} & {*lexicon.VERBS[clause.verb]}:
        return set()
    return _meaning(Clause(verb=clause.verb, words=said[0].words), found, described=True)


def _meaning(clause: Clause, found: tuple[Leaf, ...], *, described: bool = False) -> set[OperationClass]:
    """The classes of a verb, shifted by its object and the arguments."""
    verb, noun = clause.verb, clause.object
    classes = set(lexicon.VERBS[verb])
    if not (clause.words and clause.words[-1] in lexicon.NOUNS_TOLD) and not (
        clause.trails and verb in lexicon.AMBIGUOUS - {"return"}
    ):
        classes = set(turned(verb, (noun, clause.head), clause.words, described=described)) or classes
    if verb == "ask" and any(names_recipient(leaf) or is_party(leaf) for leaf in found):
        classes = {_C.COMMUNICATE}
    if verb in lexicon.ACCOUNTS and not clause.trails and clause.words and clause.words[-1] in lexicon.NOUNS_TOLD:
        return {_C.READ}  # `order_details`, `account_history`: what is known of it
    if verb in lexicon.UNSENT:
        return classes
    if verb == "open" and (not clause.object or lexicon.noun_in(noun, lexicon.NOUNS_OPENED)):
        return {_C.READ}
    if _arithmetic([clause], found):
        return {_C.READ}
    if verb == "checkout" and _checked_out(clause, found):
        return {_C.UPDATE}  # a branch or a guest, and nothing is paid
    if verb in lexicon.IN_PLACE and any(leaf.head == "id" for leaf in found):
        classes.add(_C.UPDATE)
    moved = lexicon.noun_in(noun, lexicon.NOUNS_MONEY_MOVED)
    money = any(is_money(leaf) for leaf in found)
    if (
        verb == "transfer"
        and not moved
        and not money
        and ((lexicon.NOUNS_HANDED_OVER | lexicon.NOUNS_MOVED) & {*map(singular, clause.words)})
    ):
        # files and conversations, not money; a case goes to another desk
        classes = {_C.UPDATE} if lexicon.NOUNS_MOVED & {*map(singular, clause.words)} else {_C.COMMUNICATE}
    if classes == {_C.COMMUNICATE} and lexicon.noun_in(clause.head, lexicon.NOUNS_GOODS):
        return {_C.CREATE, _C.TRANSFER}  # goods, not words
    if verb == "invite" and _EVENTS & {
        *map(singular, clause.words),
        *(singular(w) for leaf in found for w in leaf.words),
    }:
        return {_C.COMMUNICATE}  # to a meal or a meeting, not to a workspace
    if _C.EXECUTE in classes and moved and noun != "transaction":
        classes.add(_C.TRANSFER)
    if _C.COMMUNICATE in classes and moved:
        classes = (classes - {_C.COMMUNICATE}) | {_C.TRANSFER}
    if classes & {_C.CREATE, _C.UPDATE}:
        classes |= _written(clause, moved, found)
    if money and _paid(clause, classes, found):
        classes = (classes - {_C.COMMUNICATE}) | {_C.TRANSFER}
    if _governs(clause, classes, money, found):
        classes.add(_C.ADMINISTER)
    return classes


def _checked_out(clause: Clause, found: tuple[Leaf, ...]) -> bool:
    words = {singular(word) for leaf in found for word in leaf.words} | {*map(singular, clause.words)}
    return bool(words & (lexicon.VERSIONED | lexicon.LODGED))


def _arithmetic(clauses: list[Clause], found: tuple[Leaf, ...]) -> bool:
    """`add(a, b)`: a bare verb over numbers and nothing else."""
    bare = all(not clause.words and clause.verb in lexicon.COMPUTING | {"add"} for clause in clauses)
    return bare and bool(clauses and found) and all(leaf.kind in ("number", "integer") for leaf in found)


def _written(clause: Clause, moved: bool, found: tuple[Leaf, ...]) -> set[OperationClass]:
    """What creating or updating this object also does."""
    more: set[OperationClass] = set()
    if clause.verb not in lexicon.MARKING:
        if clause.object.endswith("ing") and _C.COMMUNICATE in lexicon.verb_classes(clause.object):
            more.add(_C.COMMUNICATE)  # `set_forwarding`: what comes in goes on
        if moved or _settles(clause, found):
            more.add(_C.TRANSFER)
        says = any(leaf.head in ("body", "text", "message", "content", "comment") and leaf.text for leaf in found)
        if lexicon.noun_in(clause.object, lexicon.NOUNS_MESSAGE) and (says or _C.CREATE in lexicon.VERBS[clause.verb]):
            more.add(_C.COMMUNICATE)
    for index, word in enumerate(clause.words[:-1]):
        if word in ("to", "onto", "into") and lexicon.noun_in(clause.words[index + 1], lexicon.NOUNS_ELSEWHERE):
            more.add(_C.COMMUNICATE)
    return more


def _governs(clause: Clause, classes: set[OperationClass], money: bool, found: tuple[Leaf, ...]) -> bool:
    """Whether the object is who may do what: people, roles, credentials. (A token that is paid with is a coin.)"""
    if not classes - {_C.READ, _C.COMMUNICATE, _C.TRANSFER} or clause.verb in lexicon.SOCIAL | {"checkin"}:
        return False
    noun, words = clause.head, {*map(singular, clause.words)}
    if noun == "code" and lexicon.NOUNS_ENTRY & words:
        return True
    beside = words | {singular(word) for leaf in found for word in leaf.words}
    if noun == "code" and beside & {"door", "gate", "lock"}:
        return True
    if noun in lexicon.NOUNS_GOVERNED:
        return bool((words if noun == "account" else beside) & lexicon.NOUNS_GOVERNED[noun])
    if noun == "limit":
        return bool(lexicon.NOUNS_APPROVAL & words)
    if beside & lexicon.NOUNS_UNGOVERNED.get(noun, frozenset()):
        return False  # an insurance policy, a guest at a table, a member of a gym
    return lexicon.noun_in(noun, lexicon.NOUNS_PRINCIPAL) and not (money and noun == "token")


def _settles(clause: Clause, found: tuple[Leaf, ...]) -> bool:
    """Whether a write settles something: it takes a means of payment, or trades for an amount."""
    if clause.object in ("method", "card"):
        return False  # the means of payment is itself what is written
    trades = clause.verb in lexicon.TRADES or lexicon.noun_in(clause.object, lexicon.NOUNS_TRADED)
    if any({"refund", "to"} <= {*leaf.words} and leaf.text for leaf in found):
        return True  # where money goes back to
    if any("payment" in leaf.words and not leaf.around and leaf.head not in ("link", "term") for leaf in found):
        return True
    return trades and any(is_money(leaf) or "card" in leaf.words for leaf in found)


def _paid(clause: Clause, classes: set[OperationClass], found: tuple[Leaf, ...]) -> bool:
    """Whether an amount goes to somebody."""
    if not classes & {_C.CREATE, _C.UPDATE, _C.COMMUNICATE, _C.EXECUTE}:
        return False
    if _C.COMMUNICATE in classes:
        told = lexicon.noun_in(clause.object, lexicon.NOUNS_MESSAGE | lexicon.NOUNS_DOCUMENT)
        return not told and any(names_payee(leaf) or is_party(leaf) for leaf in found)
    return any(names_payee(leaf) for leaf in found)


def _add_described(classes: set[OperationClass], clauses: list[Clause], description: str, notes: list[str]) -> bool:
    """Let the description fill a silent name or raise a quiet one. Returns whether both agree."""
    named, heads = {clause.verb for clause in clauses}, told(description)
    silent, agrees = not classes, True
    follows = bool(named & lexicon.SETTING) or any(
        one.verb in named or classes & {*lexicon.VERBS[one.verb]} for one in heads
    )
    for one in heads:
        opening = one.clause == heads[0].clause
        if one.words[:1] and one.words[0] in _NOTHING:
            continue  # "Deletes nothing"
        meant = _meaning(Clause(verb=one.verb, words=one.words), (), described=True)
        if one.joined and _C.COMMUNICATE not in lexicon.VERBS[one.verb]:
            meant.discard(_C.COMMUNICATE)  # "trim or prepend text": no message
        if silent and opening:
            classes |= meant
            notes.append(f"described as `{one.verb}`")
        elif one.plain and one.verb not in named and (opening or (one.third and not lexicon.is_ambiguous(one.verb))):
            if classes == {_C.READ} and meant != {_C.READ}:
                agrees = False
            elif not _adds(one, meant, classes, follows):
                continue
            classes |= meant
            notes.append(f"but described as `{one.verb}`")
    return agrees


def _adds(one: Told, meant: set[OperationClass], classes: set[OperationClass], follows: bool) -> bool:
    """Whether a verb of the description says more than the name: a second one, or one that pays or publishes."""
    if one.joined and not meant & {_C.TRANSFER}:
        return follows and meant != {_C.READ} and not meant <= classes
    outward = (meant & {_C.TRANSFER} and one.verb != "transfer") or (
        meant == {_C.COMMUNICATE} and one.verb in lexicon.PUBLISHING
    )
    return bool(outward) and classes <= {_C.CREATE, _C.UPDATE}


_NOTHING = word_set("nothing none no nobody not")


def _add_arguments(
    classes: set[OperationClass], verbs: set[str], found: tuple[Leaf, ...], description: str, notes: list[str]
) -> None:
    """What the arguments alone give away."""
    unsent, reaches = verbs & lexicon.UNSENT, verbs & lexicon.REACHING
    text = description[:2000].lower()
    for leaf in found:
        if leaf.kind not in ("", "string", "array"):
            continue
        speaks = any(language in leaf.description or language in text for language in _LANGUAGES)
        if (leaf.head in _CODE and len(leaf.words) < 3) or (
            leaf.head in ("query", "code", "expression", "function") and speaks
        ):
            classes.add(_C.EXECUTE)
            notes.append(f"takes `{leaf.head}`")
    if classes == {_C.READ} and any(is_place(leaf) or (reaches and names_host(leaf)) for leaf in found):
        classes.add(_C.COMMUNICATE)
        notes.append("reads from a place that the caller chooses")
    given = "export" in verbs and any(leaf.head in ("destination", "target", "recipient", "to") for leaf in found)
    if classes == {_C.READ} and (given or any(is_delivery(leaf) for leaf in found)):
        classes ^= {_C.READ, _C.COMMUNICATE}  # it does more than look: somebody else is given what is found
        notes.append("delivers what it reads")
    invited = any(leaf.head in ("attendee", "participant", "invitee", "guest") and leaf.text for leaf in found)
    if classes & {_C.CREATE, _C.UPDATE} and invited:
        classes.add(_C.COMMUNICATE)
        notes.append("invites people")
    words = {word for leaf in found for word in leaf.words}
    if classes & {_C.COMMUNICATE, _C.ADMINISTER} and words & _PERMITTING:
        classes.add(_C.ADMINISTER)
        notes.append("gives permissions")
    addressed = words & {"recipient", "recipients", "to", "cc", "bcc", "channel"}
    if (
        _C.CREATE in classes
        and _C.TRANSFER not in classes
        and not unsent
        and addressed
        and words & {"body", "message", "text", "content", "subject"}
    ):
        classes.add(_C.COMMUNICATE)
        notes.append("carries text to a recipient")
    if classes & {_C.CREATE, _C.UPDATE} and _C.TRANSFER not in classes and not unsent and any(map(sends_on, found)):
        classes.add(_C.COMMUNICATE)
        notes.append("says to whom it goes on")


_PERMITTING = word_set("permission permissions privilege privileges role roles rights access")
_OUTWARD = frozenset({_C.TRANSFER, _C.COMMUNICATE, _C.EXECUTE, _C.ADMINISTER})


def _add_hints(classes: set[OperationClass], annotations: Mapping[str, Any], notes: list[str]) -> None:
    """MCP annotations are untrusted: they may raise the risk, never lower it.

    "Destructive" (as opposed to additive) says something new only of tools that write what stays: money, messages and
    programs that have gone out are not undone in any case, and most servers set the hint on all of them.
    """
    if annotations.get("destructiveHint") is True and classes - {_C.READ} and not classes & _OUTWARD:
        classes.add(_C.DELETE)
        notes.append("says that it destroys")
    if annotations.get("readOnlyHint") is False and classes == {_C.READ}:
        classes.add(_C.UPDATE)
        notes.append("says that it is not read-only")


def _own_voice(clause: Clause, found: tuple[Leaf, ...]) -> bool:
    """Whether the organisation speaks: its policies, by topic. One that has a number is a contract with somebody."""
    told = lexicon.noun_in(clause.object, lexicon.NOUNS_OWN_VOICE)
    return told and not any({"id", "number", "no", "holder", "url", "path"} & set(leaf.words) for leaf in found)


def _outside(classes: tuple[OperationClass, ...], clauses: list[Clause], found: tuple[Leaf, ...], sure: bool) -> bool:
    """Whether results can carry what outsiders wrote; only a sure reading may say no."""
    if not sure or not clauses:
        return True
    if all(clause.verb in lexicon.COMPUTING for clause in clauses):
        return any({"id", "path", "file", "name", "url", "database"} & set(leaf.words) for leaf in found)
    if classes == (_C.READ,):
        return not all(
            lexicon.noun_in(clause.object, lexicon.NOUNS_OWN_FACT) or _own_voice(clause, found) for clause in clauses
        )
    return not set(classes) <= {_C.CREATE, _C.TRANSFER, _C.DELETE} and classes != (_C.COMMUNICATE,)
