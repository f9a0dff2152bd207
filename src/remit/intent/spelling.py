"""Words as people write them in haste: abbreviations, and verbs with one letter wrong.

Only verbs of which nobody writes another word by such a slip; what is not listed stays as it is.
"""

from functools import lru_cache

from remit.intent.words import words

_SHORT = dict(
    pair.split(":")
    for pair in words(
        """
        pls:please plz:please plse:please pleas:please plase:please pleae:please thx:thanks thnx:thanks
        w/:with w:with w/o:without bc:because cuz:because coz:because u:you ur:your &:and +:and
        cx:cancel cxl:cancel canx:cancel resched:reschedule rebk:rebook fwd:forward cfm:confirm upd:update
        appt:appointment appts:appointments mtg:meeting mtgs:meetings msg:message msgs:messages acct:account
        accts:accounts addr:address tkt:ticket tkts:tickets pmt:payment pmts:payments cust:customer custs:customers
        resv:reservation rez:reservation dept:department mgr:manager
        tmrw:tomorrow tmr:tomorrow tmw:tomorrow gonna:will wanna:want gotta:must lemme:let
        hasnt:hasn't havent:haven't hadnt:hadn't wasnt:wasn't arent:aren't werent:weren't shouldnt:shouldn't
        wouldnt:wouldn't couldnt:couldn't mustnt:mustn't thats:that's theres:there's theyre:they're youre:you're
        dont:don't doesnt:doesn't didnt:didn't cant:can't wont:won't isnt:isn't im:i'm ive:i've whats:what's
        ppl:people abt:about todo's:todos to-do's:todos to-dos:todos e-mail:email e-mails:emails e-mailed:emailed
        thru:through b4:before bfr:before asap:immediately dm'd:messaged pm'd:messaged txted:texted
        """
    )
)
_OFTEN_MISSPELT = words(
    """
    cancel delete remove update change create schedule reschedule confirm approve reject transfer forward invite
    reserve refund return register assign submit archive upgrade downgrade renew extend replace restore deactivate
    activate unsubscribe subscribe notify inform answer message prepare complete process publish release withdraw
    """
)
_WORDS_THEMSELVES = frozenset(words("crate rely refud arrive revere serve reset relase evict rester rebel"))


def _slips(verb: str) -> set[str]:
    """The verb with a letter too few, one twice, or two in the wrong order; its first letter is right."""
    found = {verb[:i] + verb[i + 1 :] for i in range(1, len(verb))}
    found |= {verb[:i] + verb[i] + verb[i:] for i in range(1, len(verb))}
    found |= {verb[:i] + verb[i + 1] + verb[i] + verb[i + 2 :] for i in range(1, len(verb) - 1)}
    return found - {verb}


@lru_cache(maxsize=1)
def _misspelt() -> dict[str, str]:
    table: dict[str, str] = {}
    for verb in _OFTEN_MISSPELT:
        for slip in _slips(verb):
            table.setdefault(slip, verb)
    for word in (*_OFTEN_MISSPELT, *_WORDS_THEMSELVES):
        table.pop(word, None)
    return table


def in_full(word: str) -> str:
    """A lower-case word as one would write it with more time."""
    return _SHORT.get(word, word)


def corrected(word: str) -> str:
    """The verb that is meant by a word that nobody knows, or the word."""
    return _misspelt().get(word, word) if len(word) > 4 else word
