"""The verbs of a tool's name, each with what it acts on; where a word may be a noun, the description helps to tell."""

from itertools import pairwise

import msgspec

from remit.catalogue import lexicon
from remit.catalogue.arguments import Leaf
from remit.catalogue.described import names, tells, told
from remit.catalogue.words import fragments, singular, split
from remit.terms import OperationClass

_C = OperationClass
_SHOWN = lexicon.NOUNS_TOLD | lexicon.NOUNS_KNOWN | {"log", "logs"}
_LOOKS = frozenset(verb for verb, classes in lexicon.VERBS.items() if classes == (_C.READ,))


class Clause(msgspec.Struct, frozen=True, kw_only=True):
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


def clauses_of(name: str, description: str) -> list[Clause]:
    """The verbs of a name, each with its object."""
    pieces = split(name)
    if pieces[:2] == ("api", "post"):
        pieces = pieces[2:]  # an HTTP method where OpenAPI operations were renamed: says nothing
    words = _phrased([word for word in pieces if word not in lexicon.NOISE])
    space, _, last = name.rpartition(".")
    own = _phrased([word for word in split(last) if word not in lexicon.NOISE]) if space else words
    at = _verb_positions(words, description, len(words) - len(own))
    listed = len(pieces) == len(words) == 1 and singular(words[0]) != words[0]
    if (listed or (not at and words and words[-1] in lexicon.NOUNS_TOLD)) and not verbs_told(description):
        return [Clause(verb="get", words=tuple(words))]  # `messages`, `room_details`
    if 0 < len(own) < len(words) and own[-1] in _SHOWN and set(verbs_told(description)) <= _LOOKS:
        return [Clause(verb="get", words=tuple(words))]  # `deploy.status`, `run.logs`: a namespace and what it shows
    if _collection(words, at, description) or _labelled(words, at, description):
        return [Clause(verb="get", words=tuple(words))]
    clauses = []
    for index, position in enumerate(at):
        end = at[index + 1] if index + 1 < len(at) else len(words)
        following = words[position + 1 : end]
        before = words[:position] if index == 0 else []
        trails = not following and bool(before)
        clauses.append(Clause(verb=lexicon.verb(words[position]), words=tuple(following or before), trails=trails))
    return clauses


def is_loose(clauses: list[Clause], name: str) -> bool:
    """Whether the only verb is one that may be a noun, behind a word that is none: `crew_rest_quota`."""
    head = next((word for word in split(name) if word not in lexicon.NOISE), "")
    return len(clauses) == 1 and lexicon.is_ambiguous(clauses[0].verb) and not lexicon.verb(head)


def known(name: str, description: str, found: tuple[Leaf, ...], *, nouns: bool) -> list[Clause]:
    """Nouns for what is known, described by what is known of it, and no argument that could set it: `bus_timetable`.

    The description speaks of what the name says, so that no word of the name is a verb that nobody knows."""
    words = [word for word in split(name) if word not in lexicon.NOISE]
    said = names(description)
    if not words or not said or any(lexicon.NOUNS_SET & {*leaf.words} for leaf in found):
        return []
    last, spoken = words[-1], {singular(word) for words in fragments(description) for word in words}
    if said[0] == words[0] != last:
        return []  # it may be a verb
    space = "." in name or singular(words[0]) in spoken
    told_of = singular(last) in spoken or (singular(last) != last and tells(description))
    known = last in lexicon.NOUNS_KNOWN | lexicon.NOUNS_TOLD | lexicon.NOUNS_ACTED or (nouns and space and told_of)
    return [Clause(verb="get", words=tuple(words))] if known else []


def _collection(words: list[str], at: list[int], description: str) -> bool:
    """`restaurant_reviews`: things in the plural behind whose they are, and no verb says what is done with them."""
    if len(words) < 2 or at != [len(words) - 1] or singular(words[-1]) == words[-1]:
        return False
    verb = lexicon.verb(words[-1])
    return lexicon.is_ambiguous(verb) and all(
        told == verb or lexicon.VERBS[told] == (_C.READ,) for told in verbs_told(description)
    )


def _labelled(words: list[str], at: list[int], description: str) -> bool:
    """`rent-ledger`, "LEDGER. Prints …": the description begins with what it is, and the first word says of what."""
    if at != [0] or len(words) < 2 or not lexicon.is_ambiguous(lexicon.verb(words[0])):
        return False
    label = {singular(word) for word in next(iter(fragments(description)), [])}
    return bool(label) and label <= {*map(singular, words[1:])} and set(verbs_told(description)) <= _LOOKS


def _phrased(words: list[str]) -> list[str]:
    """With the pairs that are one verb as one word: `write_off_invoice` writes nothing."""
    if len(words) < 2:
        return words
    for index, pair in enumerate(pairwise(words)):
        if pair in lexicon.PHRASES:
            return [*words[:index], lexicon.PHRASES[pair], *words[index + 2 :]]
    pair = (words[0], words[1])
    if pair in (("check", "in"), ("check", "out")) and (
        len(words) == 2 or lexicon.noun_in(words[2], lexicon.NOUNS_CHECKED)
    ):
        return ["checkin", *words[2:]]
    return words


def _verb_positions(words: list[str], description: str, own: int) -> list[int]:
    """Where the verbs stand: at the head, else the surest word, and after every "and"; [] where only the text tells.

    `own` is where the name begins behind its namespace."""
    known = [index for index, word in enumerate(words) if word in lexicon.VERBS]
    known = known or [index for index, word in enumerate(words) if lexicon.verb(word)]  # "logs", "processing"
    if not known:
        return []
    plain = [i for i in known if not lexicon.is_ambiguous(words[i]) or _sets(words, i)]
    said = verbs_told(description)
    described = [index for index in known if lexicon.verb(words[index]) in said]
    if known[0] and not described:
        described = _alike(words, known, said)
    if 0 < own < len(words) and words[own] in lexicon.VERBS and _heads_its_space(words, own, said):
        plain = [own]
    elif plain and words[plain[0]] == "list" and _is_listed(words, plain[0]):
        plain = [len(words) - 1]
    if known[0] == 0 and (0 in plain or 0 in described or not (plain or described)):
        first = 0
    elif plain or described:
        first = (plain or described)[0]
    elif any(verb not in lexicon.AMBIGUOUS for verb in said):
        return []  # "maintenance_logs": a noun; the description has the verb
    else:
        first = known[-1] if known[-1] == len(words) - 1 else known[0]
    joined = [index for index in known if index > first and _joins(words, first, index)]
    return [first, *joined]


def _sets(words: list[str], at: int) -> bool:
    """Whether this is the verb of `app_set_level`, and not the noun of `data_set_size`."""
    return words[at] == "set" and at + 1 < len(words) and not (at and words[at - 1] in lexicon.SETS_OF)


def _heads_its_space(words: list[str], own: int, said: list[str]) -> bool:
    """Whether the first word behind a namespace is its verb: `pump.run`, but not `shop.order` that gets one."""
    looks = any(lexicon.VERBS[verb] == (_C.READ,) for verb in said)
    if not lexicon.is_ambiguous(words[own]):
        return True
    return words[-1] not in lexicon.VERBS if own + 1 < len(words) else not looks


def _is_listed(words: list[str], at: int) -> bool:
    """Whether "list" is what is changed: `price_list_update`."""
    return 0 < at == len(words) - 2 and words[-1] in lexicon.VERBS and lexicon.VERBS[words[-1]] != (_C.READ,)


def _alike(words: list[str], known: list[int], said: list[str]) -> list[int]:
    """The words that do to the world what the description says, where it says so by another word."""
    does = {one for verb in said for one in lexicon.VERBS[verb]} - {_C.READ}
    return [index for index in known if does & {*lexicon.verb_classes(words[index])}]


def _joins(words: list[str], first: int, index: int) -> bool:
    """Whether "and" before this word joins actions (`cancel_order_and_refund`), not nouns (`by_name_and_zip`)."""
    between = words[first + 1 : index]
    return (
        bool(between or index == first + 1)
        and words[index - 1] in lexicon.JOINERS
        and not (lexicon.PREPOSITIONS & set(between))
    )


def verbs_told(description: str) -> list[str]:
    """The verbs that the description's first clauses begin with."""
    return [one.verb for one in told(description)]
