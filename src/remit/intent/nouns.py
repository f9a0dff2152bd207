"""What nouns stand for: kinds of things that people and interfaces call by many words.

A lexical resource of general English, never of one system. A noun that it does not know is its own kind.
"""

from functools import lru_cache

from remit.catalogue.words import singular
from remit.intent.words import words

# Nouns that people use for one another. The first of a group is its name, as `datatypes` of a grant writes it.
_KINDS = """
payment money transaction transfer bill invoice rent fee refund iban bank fund cash salary expense spending
    purchase charge debt subscription payout donation balance deposit amount price cost reimbursement wire
    order-standing receipt remittance payroll payable receivable overpayment compensation tuition;
message mail email inbox dm note letter reply chat text sms newsletter notification conversation thread
    correspondence tweet post comment feedback announcement voicemail instruction;
event meeting appointment calendar invitation schedule reminder session call availability lunch dinner
    invite breakfast brunch slot diary workshop webinar seminar conference standup consultation lecture
    rehearsal check-up checkup get-together;
file document doc report sheet spreadsheet folder directory attachment drive pdf slide presentation notice
    archive backup log photo picture image transcript agreement;
user person member people colleague friend customer client employee contact profile info information account
    crew passenger guest patient supplier vendor payee merchant contractor landlord tenant resident citizen applicant
    candidate subscriber donor volunteer attendee participant traveller traveler caller beneficiary student pupil
    passport visa licence;
channel group room team workspace slack server forum community;
page website webpage site url link web blog article www wiki;
reservation booking flight hotel trip ticket travel table seat cabin baggage insurance itinerary car restaurant
    airport airline room apartment flat accommodation lodging suite hostel villa cottage campsite excursion tour ferry
    activity taxi cab cruise lunch dinner brunch concert gig opera massage haircut lesson museum theatre theater cinema
    festival train coach;
order product item cart shipment delivery stock inventory variant shop store tracking courier package
    fulfillment supply grocery shopping basket ingredient goods parcel sku;
password credential secret key token passphrase pin login security mfa;
repository repo branch commit issue pr code pipeline deployment release build ci;
pull-request pr merge-request mr;
permission role access privilege grant admin visibility;
address adress addr street city location;
device laptop computer notebook pc desktop tablet printer machine workstation router modem handset smartphone thermostat
    heater heating radiator lamp camera television vacuum oven boiler;
vehicle engine fuel door tire brake tank;
record database table row entry db;
task todo to-do list action-item instruction request checklist errand chore;
case ticket incident complaint enquiry inquiry dispute matter;
policy guideline procedure runbook playbook handbook manual protocol sop regulation kb knowledgebase faq;
stock-share share stock trade watchlist portfolio symbol;
prescription medication drug dose medicine refill
"""
# What somebody who wants to be given it wants to know.
_INFORMATION = frozenset(
    words(
        """
        list overview summary info information details status idea answer number figure price rate weather forecast
        count breakdown comparison suggestion recommendation advice explanation description opinion rundown recap
        digest statistics stats result analysis estimate insight briefing ranking fact option choice name
        difference reason sense picture
    """
    )
)
# Days and months: they tell when, and name nobody and no place.
CALENDAR = frozenset(
    words(
        """
        monday tuesday wednesday thursday friday saturday sunday mon tue tues wed weds thu thur thurs fri sat sun
        january february march april may june july august september october november december jan
        feb mar apr jun jul aug sep sept oct nov dec easter christmas
    """
    )
)
# What stays in force when the work is done: it is never a means to an end that somebody else named.
_STANDING = frozenset(
    words(
        """
        rule filter webhook hook automation trigger cron forwarding delegate delegation integration key token credential
    """
    )
)


def _kinds() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for row in _KINDS.split(";"):
        group = row.split()
        for noun in group:
            table[noun] = table.get(noun, frozenset()) | {group[0]}
    return table


_KIND = _kinds()
_FIRSTS = frozenset(noun.partition("-")[0] for noun in _KIND if "-" in noun)


@lru_cache(maxsize=16384)
def kinds(noun: str) -> frozenset[str]:
    """The kinds of things that a noun stands for; a noun that the lexicon does not know is its own kind."""
    one = singular(noun)
    return _KIND.get(one) or _KIND.get(noun) or frozenset((one,))


@lru_cache(maxsize=16384)
def is_noun(noun: str) -> bool:
    return noun in _KIND or singular(noun) in _KIND


def compound(first: str, second: str) -> frozenset[str]:
    """The kinds of two nouns that are one, "pull request"; none where they are two."""
    return _KIND.get(f"{first}-{singular(second)}", frozenset()) if first in _FIRSTS and second else frozenset()


@lru_cache(maxsize=8192)
def is_information(noun: str) -> bool:
    """Whether it is something to know: "give me the figures" is a question."""
    return noun in _INFORMATION or singular(noun) in _INFORMATION


def is_standing(noun: str) -> bool:
    """Whether such a thing stays in force and acts later, or for others."""
    return singular(noun) in _STANDING
