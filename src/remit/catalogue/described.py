"""What a description says that its tool does: the verbs at the heads of its clauses, told from nouns that look alike.

"Opening times of a museum" opens nothing, "Archived orders" archives none and "Comments by readers" writes none, but
"Open a till", "Block a caller" and "Deleting a page" do what they say. Where the two cannot be told apart, it is a verb
that may be one. Descriptions are hostile text: linear, bounded, and never the reason for reading less than a name says.
"""

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from remit.catalogue import lexicon
from remit.catalogue.words import led, singular, word_set

CLAUSES = 3  # of a description that are read
_ACCESS = word_set("access permission permissions rights role roles privileges membership")
_WRITTEN_IN = word_set("file files disk database table log logs sheet row rows register stdout folder path cell cells")
_DETERMINERS = word_set(
    """a an the this that these those all any one your my their its his her somebody someone everybody every each
    another some several multiple up given specified"""
)
_PAYING = word_set("charge pay debit bill buy")
# Gerunds that name a thing as often as an act.
_NOUN_GERUNDS = word_set(
    """opening outstanding remaining pending upcoming existing missing incoming outgoing running shipping billing
    booking pricing tracking parking housing training meeting rating building boarding seating mailing trading
    staffing bidding landing briefing listing filing hearing reading recording posting offering setting warning
    heading spending saving savings holding holdings standing working banking accounting engineering marketing
    roaming charging heating lighting routing staging testing scheduling planning grading ordering purchasing
    lodging ranking matching founding operating ruling sorting closing drawing"""
)
_ARTICLES = word_set("a an the")
_PASSIVE = word_set("is are be")
# Behind a plural they show that it is a noun: "drafts of", "trades made", "tips since".
_BEHIND_NOUNS = word_set(
    """of under near about between since made per available placed due that which and or with you at currently sorted"""
)
# Things that are known, as the head of "state and position of a tractor".
_KNOWN = word_set(
    """info information detail details status state history summary summaries overview lookup statistics stats metric
    usage use data timetable timetables schedule schedules date dates time times hours price prices rate rates cost
    costs fare fares balance balances text rules rule policy policies guideline guidelines list listing listings
    location locations position profile record content contents metadata log logs result results review reviews rating
    ratings forecast weather conditions availability option options level levels value values name names number
    numbers address menu names reading readings measurement measurements report reports progress terms versions version
    members moisture temperature score scores news headlines quote quotes description descriptions everything minutes
    free open current latest recent today's today available"""
)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One verb that a description says."""

    verb: str
    words: tuple[str, ...]  # what follows
    plain: bool  # and it is no noun here
    clause: int = 0  # in which clause it stands
    joined: bool = False  # behind another verb, on the same object: "mute or delete"
    third: bool = False  # "deletes them": said of the tool, where an imperative may be said to who calls it


@lru_cache(maxsize=4096)
def told(description: str) -> tuple[Told, ...]:
    """The verbs at the heads of the first clauses, light ones left out."""
    found: list[Told] = []
    for number, (lead, words) in enumerate(led(description)[:CLAUSES]):
        heads = [one for one in _heads(words, lead) if one.verb not in lexicon.LIGHT]
        found += [msgspec.structs.replace(one, clause=number) for one in heads]
    return tuple(found)


def _heads(words: list[str], lead: str) -> Iterator[Told]:
    """The verbs at the head of a clause: one, or several that are joined ("mute, hide or delete the thread")."""
    if lexicon.verb(words[0]) == "give" and _ACCESS & set(words[1:12]):
        words = ["share", *words[1:]]
        yield Told(verb="grant", words=tuple(words[1:9]), plain=True)
    elif words[:2] == ["write", "to"] and not _WRITTEN_IN & set(words[2:6]):
        words = ["message", *words[2:]]
    yield from _paying(words)
    verb = lexicon.verb(words[0])
    if not verb or _names(words, verb, lead):
        return
    joined = _joined(words)
    last = joined[-1] if joined else 0
    following = tuple(_object(words[last + 1 : last + 7]))  # what they all act on
    for index in (0, *joined):
        one = lexicon.verb(words[index])
        third = words[index] != one and words[index].endswith("s")
        yield Told(verb=one, words=following, plain=_plain(words, index, one), joined=bool(joined), third=third)


def _object(words: list[str]) -> list[str]:
    """Up to where another act begins: "open the letter and mark it as read"."""
    for index, word in enumerate(words[:-1]):
        if word in lexicon.JOINERS and index and lexicon.verb(words[index + 1]) == words[index + 1]:
            return words[:index] if words[index + 2 : index + 3] in (["it"], ["them"]) else words
    return words


def _paying(words: list[str]) -> Iterator[Told]:
    """Further on: "wraps the present and bills the buyer"."""
    for index in range(3, min(len(words) - 1, 24)):
        verb = lexicon.verb(words[index]) if words[index - 1] in lexicon.JOINERS else ""
        if verb in _PAYING and words[index + 1] in _DETERMINERS:
            yield Told(verb=verb, words=tuple(words[index + 1 : index + 7]), plain=True, joined=True)


def _plain(words: list[str], at: int, verb: str) -> bool:
    """Whether the word can be nothing but a verb. ("Open positions": what is open.)"""
    noun = lexicon.is_ambiguous(verb) or words[at] == "open"
    return not noun or (words[at + 1 : at + 2] or [""])[0] in _DETERMINERS


def _names(words: list[str], verb: str, lead: str) -> bool:
    """Whether the first word names or qualifies a thing, though it looks like a verb."""
    first, second = words[0], (words[1:2] or [""])[0]
    named = lead in _ARTICLES
    if first == verb:
        return lexicon.is_ambiguous(verb) and (second == "of" or named)
    if first.endswith("ing"):
        return first in _NOUN_GERUNDS and (named or (not lead and second not in _DETERMINERS))
    if singular(first) == verb or first.endswith("s"):
        if not lexicon.is_ambiguous(verb):
            return False
        return named or not second or (second in _BEHIND_NOUNS and not _both_act(words))
    return lead not in _PASSIVE  # a participle: "archived orders", but not "can be archived"


def _both_act(words: list[str]) -> bool:
    """ "Books and tickets a trip": verbs in a row, and what they act on."""
    return words[1] in lexicon.JOINERS and bool(
        words[2:3] and lexicon.verb(words[2]) and _DETERMINERS & set(words[3:4])
    )


def _joined(words: list[str]) -> list[int]:
    """Where further verbs stand that share the first one's form and what they act on."""
    form, found = _form(words[0]), []
    for index in range(1, min(len(words) - 1, 8)):
        word = words[index]
        if word in lexicon.JOINERS:
            continue
        if not lexicon.verb(word) or _form(word) != form:
            break
        found.append(index)
        if words[index - 1] in lexicon.JOINERS:
            return found if words[index + 1] in _DETERMINERS or not lexicon.is_ambiguous(word) else []
    return []


def _form(word: str) -> str:
    return next((ending for ending in ("ing", "s") if word.endswith(ending) and lexicon.verb(word) != word), "")


@lru_cache(maxsize=4096)
def tells(description: str) -> bool:
    """Whether a description names something that is known: "Timetable of the ferry"."""
    return any(word in _KNOWN for word in names(description))


@lru_cache(maxsize=4096)
def names(description: str) -> tuple[str, ...]:
    """The words of a description up to its first preposition, where it names a thing and no act; else ().

    Nobody writes a determiner behind the first word of a name: "Raze all files" has a verb that nobody knows."""
    clauses = [words for _, words in led(description)[:CLAUSES]]
    if not clauses or told(description):
        return ()
    words = clauses[0]
    verb = lexicon.verb(words[0])
    if verb in lexicon.LIGHT or (words[1:2] and words[1] in _DETERMINERS):
        return ()
    end = next((i for i, word in enumerate(words) if i and word in lexicon.PREPOSITIONS), len(words))
    return tuple(words[:end])
