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
    roles,
    sends_on,
)
from remit.catalogue.words import fragments, singular, split, word_set
from remit.terms import OperationClass

_C = OperationClass
_DANGEROUS = (_C.UPDATE, _C.DELETE, _C.COMMUNICATE, _C.EXECUTE)
_CODE = word_set("""command cmd commands sql script javascript bash shell statement statements manifest playbook""")
_PERHAPS_CODE = word_set("query code expression function")
_LANGUAGES = ("sql", "cypher", "graphql", "python", "javascript", "shell", "bash", "source code", "sparql", "promql")


_STANDING = word_set("rule filter")  # what it is pointed at gets what comes in from then on


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    classes: tuple[OperationClass, ...]
    roles: Roles
    outside: bool
    sure: bool
    because: str


class _Clause(msgspec.Struct, frozen=True, kw_only=True):
    """One verb of a name with the noun it acts on."""

    verb: str
    words: tuple[str, ...]  # what follows, up to the next verb
    trails: bool = False  # it stands behind what it acts on: `record_view`

    @property
    def head(self) -> str:
        """The last noun of the object as it stands."""
        nouns = self._nouns()
        return singular(nouns[-1]) if nouns else ""

    @property
    def object(self) -> str:
        """The head of the object: the last noun before a preposition, past words that say nothing."""
        nouns = self._nouns()
        while len(nouns) > 1 and lexicon.noun_in(nouns[-1], lexicon.NOUNS_EMPTY):
            nouns.pop()
        if tuple(nouns[-2:]) in lexicon.COMPOUNDS:
            return "".join(nouns[-2:])
        return singular(nouns[-1]) if nouns else ""

    def _nouns(self) -> list[str]:
        nouns: list[str] = []
        for word in self.words:
            if word in lexicon.PREPOSITIONS:
                if nouns:
                    break
                continue
            if word not in lexicon.NOISE and not word.isdigit():
                nouns.append(word)
        return nouns


def read(
    name: str,
    description: str,
    schema: Mapping[str, Any],
    annotations: Mapping[str, Any],
    implied: tuple[OperationClass, ...] = (),
) -> Reading:
    """The reading of one definition. `schema` is resolved; `implied` is what a protocol says (an HTTP method)."""
    found = leaves(schema)
    clauses = _clauses(name, description)
    classes: set[OperationClass] = set(implied)
    notes: list[str] = []
    for clause in clauses:
        meant = _meaning(clause, found)
        classes |= meant
        notes.append(f"`{clause.verb}` {clause.object}".strip())
    sure = bool(classes)
    if not _arithmetic(clauses, found):
        sure = _add_described(classes, clauses, description, notes) and sure
    if not classes or _proves_nothing(classes, clauses, name, description):
        sure = False
        classes |= {*_DANGEROUS, _C.READ}
        notes.append("no verb that is known: read as what is dangerous")
    _add_arguments(classes, {clause.verb for clause in clauses}, found, description, notes)
    _add_hints(classes, annotations, notes)
    ordered = tuple(one for one in OperationClass if one in classes)
    return Reading(
        classes=ordered,
        roles=roles(found, ordered, standing=any(clause.object in _STANDING for clause in clauses)),
        outside=_outside(ordered, clauses, found, sure),
        sure=sure,
        because=ascii("; ".join(notes))[1:-1][:300],
    )


def verbs_of(name: str, description: str) -> list[tuple[str, str]]:
    """The verbs of a name, each with what it acts on; [] where only the description tells."""
    return [(clause.verb, clause.object) for clause in _clauses(name, description)]


def _clauses(name: str, description: str) -> list[_Clause]:
    """The verbs of a name, each with its object."""
    pieces = split(name)
    if pieces[:2] == ("api", "post"):
        pieces = pieces[2:]  # an HTTP method where OpenAPI operations were renamed: says nothing
    words = _phrased([word for word in pieces if word not in lexicon.NOISE])
    at = _verb_positions(words, description)
    listed = len(pieces) == len(words) == 1 and singular(words[0]) != words[0]
    if (listed or (not at and words and words[-1] in lexicon.NOUNS_TOLD)) and not _told(description):
        return [_Clause(verb="get", words=tuple(words))]  # `messages`, `room_details`
    if _collection(words, at, description):
        return [_Clause(verb="get", words=tuple(words))]
    clauses = []
    for index, position in enumerate(at):
        end = at[index + 1] if index + 1 < len(at) else len(words)
        following = words[position + 1 : end]
        before = words[:position] if index == 0 else []
        trails = not following and bool(before)
        clauses.append(_Clause(verb=lexicon.verb(words[position]), words=tuple(following or before), trails=trails))
    return clauses


def _collection(words: list[str], at: list[int], description: str) -> bool:
    """`restaurant_reviews`: things in the plural behind whose they are, and no verb says what is done with them."""
    if len(words) < 2 or at != [len(words) - 1] or singular(words[-1]) == words[-1]:
        return False
    verb = lexicon.verb(words[-1])
    return lexicon.is_ambiguous(verb) and all(
        told == verb or lexicon.VERBS[told] == (_C.READ,) for told in _told(description)
    )


def _phrased(words: list[str]) -> list[str]:
    """With the pairs that are one verb as one word: `write_off_invoice` writes nothing."""
    if len(words) < 2:
        return words
    pair = (words[0], words[1])
    if pair in lexicon.PHRASES:
        return [lexicon.PHRASES[pair], *words[2:]]
    if pair in (("check", "in"), ("check", "out")) and (
        len(words) == 2 or lexicon.noun_in(words[2], lexicon.NOUNS_CHECKED)
    ):
        return ["checkin", *words[2:]]
    return words


def _verb_positions(words: list[str], description: str) -> list[int]:
    """Where the verbs stand: at the head, else the surest word, and after every "and"; [] where only the text tells."""
    known = [index for index, word in enumerate(words) if word in lexicon.VERBS]
    known = known or [index for index, word in enumerate(words) if lexicon.verb(word)]  # "logs", "processing"
    if not known:
        return []
    plain = [index for index in known if not lexicon.is_ambiguous(words[index])]
    told = _told(description)
    described = [index for index in known if lexicon.verb(words[index]) in told]
    if known[0] == 0 and (0 in plain or 0 in described or not (plain or described)):
        first = 0
    elif plain or described:
        first = (plain or described)[0]
    elif any(verb not in lexicon.AMBIGUOUS for verb in told):
        return []  # "maintenance_logs": a noun; the description has the verb
    else:
        first = known[-1] if known[-1] == len(words) - 1 else known[0]
    joined = [index for index in known if index > first and _joins(words, first, index)]
    return [first, *joined]


def _joins(words: list[str], first: int, index: int) -> bool:
    """Whether "and" before this word joins actions (`cancel_order_and_refund`), not nouns (`by_name_and_zip`)."""
    between = words[first + 1 : index]
    return (
        bool(between or index == first + 1)
        and words[index - 1] in lexicon.JOINERS
        and not (lexicon.PREPOSITIONS & set(between))
    )


def _proves_nothing(classes: set[OperationClass], clauses: list[_Clause], name: str, description: str) -> bool:
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
    told = _told(description)
    return lexicon.verb(head) == "" and not any(lexicon.VERBS[verb] == (_C.READ,) for verb in told)


def _told(description: str) -> list[str]:
    """The verbs that the description's first clauses begin with."""
    verbs = (lexicon.verb(clause[0]) for clause in fragments(description)[:3])
    return [verb for verb in verbs if verb and verb not in lexicon.LIGHT]


def _meaning(clause: _Clause, found: tuple[Leaf, ...]) -> set[OperationClass]:
    """The classes of a verb, shifted by its object and the arguments."""
    verb, noun = clause.verb, clause.object
    classes = set(lexicon.VERBS[verb])
    if verb in lexicon.ACCOUNTS and not clause.trails and clause.words and clause.words[-1] in lexicon.NOUNS_TOLD:
        return {_C.READ}  # `order_details`, `account_history`: what is known of it
    if verb in lexicon.UNSENT:
        return classes
    if verb == "open" and (not clause.object or clause.trails or lexicon.noun_in(noun, lexicon.NOUNS_OPENED)):
        return {_C.READ}
    if _arithmetic([clause], found):
        return {_C.READ}
    if verb == "checkout" and _checked_out(clause, found):
        return {_C.UPDATE}  # a branch or a guest, and nothing is paid
    if verb in lexicon.IN_PLACE and any(leaf.head == "id" for leaf in found):
        classes.add(_C.UPDATE)
    moved = lexicon.noun_in(noun, lexicon.NOUNS_MONEY_MOVED)
    money = any(is_money(leaf) for leaf in found)
    if verb == "transfer" and not moved and not money and lexicon.NOUNS_HANDED_OVER & {*map(singular, clause.words)}:
        # files and conversations, not money; a case goes to another desk
        classes = {_C.UPDATE} if clause.object in ("ticket", "case") else {_C.COMMUNICATE}
    if classes == {_C.COMMUNICATE} and lexicon.noun_in(clause.head, lexicon.NOUNS_GOODS):
        return {_C.CREATE, _C.TRANSFER}  # goods, not words
    if _C.EXECUTE in classes and moved and noun != "transaction":
        classes.add(_C.TRANSFER)
    if _C.COMMUNICATE in classes and moved:
        classes = (classes - {_C.COMMUNICATE}) | {_C.TRANSFER}
    if classes & {_C.CREATE, _C.UPDATE}:
        classes |= _written(clause, moved, found)
    if money and _paid(clause, classes, found):
        classes = (classes - {_C.COMMUNICATE}) | {_C.TRANSFER}
    if _governs(clause, classes, money):
        classes.add(_C.ADMINISTER)
    return classes


def _checked_out(clause: _Clause, found: tuple[Leaf, ...]) -> bool:
    words = {singular(word) for leaf in found for word in leaf.words} | {*map(singular, clause.words)}
    return bool(words & (lexicon.VERSIONED | lexicon.LODGED))


def _arithmetic(clauses: list[_Clause], found: tuple[Leaf, ...]) -> bool:
    """`add(a, b)`: a bare verb over numbers and nothing else."""
    bare = all(not clause.words and clause.verb in lexicon.COMPUTING | {"add"} for clause in clauses)
    return bare and bool(clauses and found) and all(leaf.kind in ("number", "integer") for leaf in found)


def _written(clause: _Clause, moved: bool, found: tuple[Leaf, ...]) -> set[OperationClass]:
    """What creating or updating this object also does."""
    more = set()
    if moved or _settles(clause, found):
        more.add(_C.TRANSFER)
    says = any(leaf.head in ("body", "text", "message", "content", "comment") and leaf.text for leaf in found)
    if lexicon.noun_in(clause.object, lexicon.NOUNS_MESSAGE) and (says or _C.CREATE in lexicon.VERBS[clause.verb]):
        more.add(_C.COMMUNICATE)
    for index, word in enumerate(clause.words[:-1]):
        if word in ("to", "onto", "into") and lexicon.noun_in(clause.words[index + 1], lexicon.NOUNS_ELSEWHERE):
            more.add(_C.COMMUNICATE)
    return more


def _governs(clause: _Clause, classes: set[OperationClass], money: bool) -> bool:
    """Whether the object is who may do what: people, roles, credentials. (A token that is paid with is a coin.)"""
    if not classes - {_C.READ, _C.COMMUNICATE, _C.TRANSFER} or clause.verb in lexicon.SOCIAL | {"checkin"}:
        return False
    noun = clause.head
    if noun == "code" and lexicon.NOUNS_ENTRY & {*map(singular, clause.words)}:
        return True
    return lexicon.noun_in(noun, lexicon.NOUNS_PRINCIPAL) and not (money and noun == "token")


def _settles(clause: _Clause, found: tuple[Leaf, ...]) -> bool:
    """Whether a write settles something: it takes a means of payment, or trades for an amount."""
    if clause.object in ("method", "card"):
        return False  # the means of payment is itself what is written
    trades = clause.verb in lexicon.TRADES or lexicon.noun_in(clause.object, lexicon.NOUNS_TRADED)
    if any("payment" in leaf.words and not leaf.around and leaf.head not in ("link", "term") for leaf in found):
        return True
    return trades and any(is_money(leaf) or "card" in leaf.words for leaf in found)


def _paid(clause: _Clause, classes: set[OperationClass], found: tuple[Leaf, ...]) -> bool:
    """Whether an amount goes to somebody."""
    if not classes & {_C.CREATE, _C.UPDATE, _C.COMMUNICATE, _C.EXECUTE}:
        return False
    if _C.COMMUNICATE in classes:
        told = lexicon.noun_in(clause.object, lexicon.NOUNS_MESSAGE | lexicon.NOUNS_DOCUMENT)
        return not told and any(names_payee(leaf) or is_party(leaf) for leaf in found)
    return any(names_payee(leaf) for leaf in found)


def _add_described(classes: set[OperationClass], clauses: list[_Clause], description: str, notes: list[str]) -> bool:
    """Let the description's first verb fill a silent name or raise a quiet one. Returns whether both agree."""
    for words in fragments(description)[:3]:
        verb = lexicon.verb(words[0])
        if not verb or verb in lexicon.LIGHT or (verb in lexicon.AMBIGUOUS and classes):
            continue
        if words[1:2] and words[1] in _NOTHING:
            continue  # "Deletes nothing"
        if verb == words[0] == "open" and classes:
            continue  # "Open positions": what is open
        meant = _meaning(_Clause(verb=verb, words=tuple(words[1:6])), ())
        if (
            not classes
            and words[1:2]
            and words[1] in lexicon.JOINERS
            and (second := lexicon.verb((words[2:3] or [""])[0]))
        ):
            meant |= _meaning(_Clause(verb=second, words=tuple(words[3:8])), ())  # "Confirm and pay an order"
        if not classes:
            classes |= meant
            notes.append(f"described as `{verb}`")
            return True
        if classes == {_C.READ} and meant != {_C.READ} and verb not in {clause.verb for clause in clauses}:
            classes |= meant
            notes.append(f"but described as `{verb}`")
            return False
        return True
    return True


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
    if classes == {_C.READ} and any(is_delivery(leaf) for leaf in found):
        classes.add(_C.COMMUNICATE)
        notes.append("delivers what it reads")
    invited = any(leaf.head in ("attendee", "participant", "invitee", "guest") and leaf.text for leaf in found)
    if classes & {_C.CREATE, _C.UPDATE} and invited:
        classes.add(_C.COMMUNICATE)
        notes.append("invites people")
    words = {word for leaf in found for word in leaf.words}
    if classes & {_C.COMMUNICATE, _C.ADMINISTER} and words & {"permission", "permissions", "privilege", "role"}:
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


def _own_voice(clause: _Clause, found: tuple[Leaf, ...]) -> bool:
    """Whether the organisation speaks: its policies, by topic. One that has a number is a contract with somebody."""
    told = lexicon.noun_in(clause.object, lexicon.NOUNS_OWN_VOICE)
    return told and not any({"id", "number", "no", "holder", "url", "path"} & set(leaf.words) for leaf in found)


def _outside(classes: tuple[OperationClass, ...], clauses: list[_Clause], found: tuple[Leaf, ...], sure: bool) -> bool:
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
