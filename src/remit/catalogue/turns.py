"""Verbs that do one thing to one sort of object and another to the rest: returning goods is not returning a value.

Each entry is one of a verb's meanings: the objects that show it, and what it then does. Without such an object the
verb means what the lexicon says. Where only a few objects make the act harmless, those are listed instead.
"""

from collections.abc import Iterable

from remit.catalogue.words import singular, word_set
from remit.terms import OperationClass

_C = OperationClass
_GOODS = word_set(
    """order item product purchase parcel package delivery article goods good merchandise shoe clothes book loan
    equipment device hardware laptop phone vehicle car bike scooter rental tool asset shipment ticket unit gift garment
    furniture appliance part accessory stock key keycard deposit loaner sample container pallet crate"""
)
_TROUBLE = word_set(
    """issue incident bug problem fault outage damage defect error loss theft fraud spam abuse scam phishing accident
    emergency hazard leak breakdown complaint concern violation infringement harassment misconduct absence sickness
    sick injury symptom card player user account seller driver listing content post comment
    message email vulnerability breach crime death birth income earnings reading claim pothole noise infection exposure
    discrepancy shortage"""
)
_TROUBLED = word_set(
    "lost stolen missing broken damaged suspicious unauthorized unauthorised defective faulty sick absent"
)
_MONEY = word_set(
    """payment money fee fund cash deposit donation due rent debt premium toll fine tax contribution tuition bill
    installment instalment balance charge tip pledge dues"""
)
_CHOICES = word_set(
    """seat plan option tariff meal room offer shipping payment method date slot winner candidate vendor supplier
    provider package bundle variant quote bid bidder answer choice upgrade insurance extra rate product date time
    pharmacy doctor practitioner delivery gift size colour color theme language profile"""
)
_FOUND_BY_NAME = word_set(
    """host hostname domain name dns ip address url uri link path id identifier reference ref handle username alias
    symbol ticker library package import location place redirect shortlink doi tag query entity variable"""
)
_ASKED_WITHOUT_ANYBODY = word_set(
    """database db doc docs document documentation knowledge kb ai llm model gpt claude wiki repo repository data web
    internet oracle bot assistant perplexity wolfram manual handbook graph index file pdf video search"""
)
_DISKS = word_set(
    """database db volume vm disk instance cluster server machine drive filesystem repo repository dataset bucket table
    state workspace container environment image node"""
)
_STORAGE = word_set("disk drive volume partition usb sd card device storage stick hdd ssd filesystem")
_BOOKED = word_set(
    """payment transaction invoice bank receipt donor deposit remittance entry statement line order po shipment"""
)
_HELD = word_set("card account user fund asset wallet credit payment balance customer")
_COIN = word_set("money card wallet balance fund credit cash account prepaid gift")
_SMALL_THINGS = word_set(
    """light lamp bulb thermostat heating heater blind shade curtain tv television media speaker volume fan climate
    ac aircon plug outlet appliance vacuum sprinkler brightness temperature music playback player humidifier"""
)

# What comes about where an interface is named by HTTP's methods: nobody is told of it.
_RECORDS = word_set(
    """reservation booking appointment request application registration enrollment enrolment enquiry inquiry record
    account user customer contact guest patient member product item claim shipment delivery return visit case profile
    lead deal opportunity task event schedule project asset device vehicle subscription membership referral
    prescription quote estimate contract bill expense timesheet trip itinerary plan reminder alarm room table seat
    flight hotel restaurant taxi ride rental checkin document file folder note calendar"""
)

# verb: what is acted on, and what that does. Looked up in the object and, where it says so, in what describes it.
_TURNS: dict[str, tuple[tuple[frozenset[str], tuple[OperationClass, ...]], ...]] = {
    "return": ((_GOODS, (_C.CREATE,)),),
    "report": ((_TROUBLE | _TROUBLED, (_C.CREATE, _C.COMMUNICATE)),),
    "collect": ((_MONEY, (_C.TRANSFER,)),),
    "select": ((_CHOICES, (_C.UPDATE,)),),
    "print": (
        (
            word_set("label receipt badge ticket document page card file letter invoice certificate slip poster"),
            (_C.CREATE,),
        ),
    ),
    "snapshot": ((_DISKS, (_C.CREATE,)),),
    "format": ((_STORAGE, (_C.DELETE,)),),
    "match": ((_BOOKED, (_C.UPDATE,)),),
    "solve": ((word_set("ticket case incident issue request complaint"), (_C.UPDATE,)),),
    "load": ((_COIN, (_C.TRANSFER,)),),
    "acquire": ((word_set("lock lease license licence asset share company property"), (_C.CREATE,)),),
    "control": ((_SMALL_THINGS, (_C.UPDATE,)),),
    "watch": ((word_set("issue repo repository thread topic mailbox inbox item"), (_C.UPDATE,)),),
    "clear": ((word_set("payment cheque check transaction invoice"), (_C.TRANSFER,)),),
    "track": ((word_set("expense time hour habit workout meal calory water mood spending"), (_C.CREATE,)),),
    "display": ((word_set("message notification alert banner announcement advert ad"), (_C.COMMUNICATE,)),),
    "post": (
        (word_set("entry journal ledger transaction posting"), (_C.CREATE, _C.TRANSFER)),
        (word_set("order purchase"), (_C.CREATE, _C.TRANSFER)),
        (word_set("cancellation deletion removal"), (_C.DELETE,)),
        (_RECORDS, (_C.CREATE,)),
    ),
    "close": ((word_set("account membership mailbox"), (_C.DELETE,)),),
    "freeze": ((_HELD, (_C.ADMINISTER,)),),
    "unfreeze": ((_HELD, (_C.ADMINISTER,)),),
    "list": ((word_set("sale marketplace auction resale rent"), (_C.CREATE, _C.COMMUNICATE)),),
    "read": ((word_set("aloud loud out"), (_C.COMMUNICATE,)),),
    "check": ((word_set("off"), (_C.UPDATE,)),),
}  # fmt: skip
_APPOINTED = word_set("calendar diary agenda schedule planner timesheet timetable log")  # whose entries cost nothing
_QUESTIONS = word_set("question query")
# Harmless of these objects, or of none, and what it does to all others.
_UNLESS: dict[str, tuple[frozenset[str], tuple[OperationClass, ...]]] = {
    "resolve": (_FOUND_BY_NAME, (_C.UPDATE,)),
    "ask": (_ASKED_WITHOUT_ANYBODY, (_C.COMMUNICATE,)),
}
# Told by any word of the object, not by its head alone: "report the stolen card", "list it for sale".
_BY_ANY_WORD: dict[str, frozenset[str]] = {
    "report": _TROUBLED,
    "snapshot": _DISKS,
    "list": word_set("sale auction resale rent"),
    "read": word_set("aloud loud out"),
    "check": word_set("off"),
    "load": _COIN,
}
# In a description they say what comes back: "Returns the items of an order".
_NOT_DESCRIBED = frozenset(("return", "display", "list", "collect", "load", "print"))


def turned(verb: str, nouns: Iterable[str], around: Iterable[str], *, described: bool) -> tuple[OperationClass, ...]:
    """What the verb does to this object, where that differs from what the lexicon says; () where it does not."""
    words = {singular(word) for word in around} - _QUESTIONS
    if verb in _UNLESS:
        harmless, classes = _UNLESS[verb]
        return classes if words - harmless == words and words else (_C.READ,)
    if described and verb in _NOT_DESCRIBED:
        return ()
    if verb == "post" and "entry" in words and not words.isdisjoint(_APPOINTED):
        return (_C.CREATE,)
    for objects, classes in _TURNS.get(verb, ()):
        if not objects.isdisjoint(nouns) or not words.isdisjoint(_BY_ANY_WORD.get(verb, ())):
            return classes
    return ()
