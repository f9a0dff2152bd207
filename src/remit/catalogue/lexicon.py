"""The verbs of programming interfaces by what they do, and the nouns that turn a verb's meaning.

A lexical resource: general English of APIs, command lines and office work, not the names of any one system. Each verb
stands under the operation classes that it means by itself; the nouns below shift it ("create" a payment is a transfer).
"""

from functools import lru_cache

from remit.catalogue.words import singular, stems, word_set
from remit.terms import OperationClass

_C = OperationClass

_FAMILIES: dict[tuple[OperationClass, ...], str] = {
    (_C.READ,): """
        export get print sort read list fetch retrieve search find query lookup look show view display describe browse
        scan
        see inspect enumerate return check verify validate count compare analyze analyse monitor watch track
        trace preview peek explain summarize summarise examine obtain extract load acquire discover filter select
        collect gather observe sample poll detect identify recognize recognise resolve determine assess evaluate
        diff cat ls grep head tail pwd du df stat wc cd tree glob ps top whoami which locate listen wait hover
        screenshot snapshot snap recommend suggest audit diagnose lint test debug measure quote rank score match
        is has can does exist exists contain contains availability peruse dig whois navigate goto visit crawl
        scrape download study survey probe report forecast predict getall hget mget""",
    (_C.CREATE,): """
        create add insert make new append generate build record log register draft compose prepare mkdir touch cp
        copy clone duplicate fork import book reserve schedule plan annotate tag label bookmark pin star favorite
        favourite like attach enqueue queue push place initiate initialize initialise init enroll enrol request
        apply capture backup compress zip tar pack bundle mint allocate provision issue file submit establish
        begin produce render paint sketch rate react vote follow echo snooze prescribe admit recruit nominate
        author review refill reissue dispense award accrue roster ingest docket appeal port restock
        lodge formulate construct compose fabricate erect synthesize synthesise replicate replenish prebook reprint
        transcribe digitize digitise jot memorize memorise remember introduce embed inscribe relist nominate brew
        carve cook give requisition propose manufacture""",
    (_C.UPDATE,): """
        update populate edit modify change set patch alter adjust replace rename move mv relocate reposition
        reorder merge split rebase commit mark unmark flag unflag complete finish close reopen archive unarchive
        restore revert undo redo refresh sync synchronize synchronise toggle turn switch increase decrease
        increment decrement extend shorten postpone reschedule delay advance link unpin unstar unlike unfollow
        correct fix amend revise improve optimize optimise assign unassign reassign allot migrate map fill type
        press click drag scroll resize focus swap exchange upgrade downgrade rebook reprice process confirm
        accept reject decline approve disapprove acknowledge escalate prioritize prioritise transition pause
        resume hold release stage unstage stash crop dim brighten heat cool raise lower lock arm disarm ship
        fulfill fulfil receive subscribe login logon signin authenticate logout signout renew override scale
        normalize normalise enrich clean bulk customize customise personalize personalise lift shift engage
        activate deactivate enable disable mute unmute overwrite prepend upvote downvote waive redirect divert
        discharge redact reconcile redeem triage handover checkin dispose isolate pair unpair reinstate certify
        endorse
        adjudicate decide appoint substitute requeue defer dispute contest grade moderate hide
        unhide delist reroute cordon uncordon reclassify notarize notarise ratify veto impound seat reverse
        choose adopt join leave quit deny uncheck undelete uncancel unload unpack unwrap unarchive retain retire
        reindex rejoin relax remap remediate repair repackage reprocess reprogram reseed reshape restructure retitle
        retrain revalidate recalculate recompute reconnect reconfigure refinance refurbish reformat reprice rewind
        finalize finalise conclude consolidate coordinate declare declutter decorate decrypt encrypt deduplicate
        defrost downscale downgrade earmark enhance empty equip expand expedite extinguish implement invert lengthen
        localize localise loosen maximize minimize modernize modulate neutralize overhaul paste persist polish
        preserve prolong shrink shuffle skip slow speed squash stabilize stabilise sterilize strip throttle trim tune
        tweak unfollow uninvert vacate
        warm chill whiten widen withhold calibrate recalibrate
        accelerate reconsider regroup freeze unfreeze thaw irrigate intercept transpose reword proofread unfold
        park unpark silence overturn adjourn excuse waitlist opt bump preheat""",
    (_C.DELETE,): """
        delete remove rm del rmdir drop purge erase clear destroy wipe trash unlink truncate discard expunge
        prune cancel void abort dismiss flush evict unset empty shred unregister deregister terminate kill
        unsubscribe disconnect unpublish retract recall uncreate decommission detach expire deprovision evict
        abandon annul axe ditch eject eliminate eradicate nullify invalidate obliterate relinquish scrap scrub
        unbook undeploy unenroll unenrol unfriend unreserve zap demolish dismantle deduplicate rescind repeal repudiate
        deinstall disband dissolve""",
    (_C.TRANSFER,): """
        pay transfer wire remit refund reimburse charge withdraw deposit donate tip payout disburse settle repay
        prepay credit debit lend borrow stake unstake payback invest liquidate fund topup compensate autopay
        contribute finance bankroll recharge sponsor subsidize subsidise spend remunerate repatriate levy overdraw
        preauthorize preauthorise payoff indemnify recoup""",
    (_C.CREATE, _C.TRANSFER): """
        buy purchase sell order checkout bid trade rent hire preorder rebuy outbid wager procure lease charter""",
    (_C.COMMUNICATE,): """
        send post publish tweet retweet reply respond forward email mail message notify text call dial announce
        broadcast comment mention share contact alert remind dm sms ping answer whisper speak say tell inform
        warn deliver transmit emit dispatch upload advertise syndicate crosspost repost fax exfiltrate leak
        telephone phone chat signal webhook cast relay greet serve disclose nudge subpoena
        instruct enquire inquire consult debrief advise apologize apologise complain congratulate convey disseminate
        distribute circulate hail nag persuade plead proclaim promise solicit summon thank urge vouch ask reveal
        expose denounce campaign publicize publicise""",
    (_C.COMMUNICATE, _C.ADMINISTER): """
        invite""",
    (_C.CREATE, _C.COMMUNICATE): """
        refer""",
    (_C.UPDATE, _C.TRANSFER): """
        writeoff""",
    (_C.EXECUTE,): """
        run play sign execute exec eval invoke perform launch start stop restart reboot shutdown deploy trigger spawn
        compile shell bash sudo ssh install uninstall rollback rollout boot kickoff do automate script interpret
        source operate drive actuate fire control retry failover reimage
        halt hibernate ignite inject orchestrate sideload reflash hotpatch bounce relaunch autoscale detonate
        steer""",
    (_C.ADMINISTER,): """
        grant revoke authorize authorise permit ban unban block unblock promote demote impersonate rotate
        whitelist blacklist allowlist denylist suspend unsuspend chmod chown chgrp configure administer manage
        elevate entitle delegate unlock kick expel onboard offboard sudoers quarantine
        allow disallow forbid prohibit restrict unrestrict enforce empower embargo exempt trust untrust bar unbar
        confiscate federate accredit""",
    (_C.UPDATE, _C.DELETE): """
        clean cleanup reset sanitize sanitise compact defragment""",
    (_C.CREATE, _C.UPDATE): """
        open upsert write save store put ensure""",
}

# Work on the arguments alone: nothing is looked up, nothing changes.
_COMPUTING = """calculate compute convert estimate think reason reflect plan-thought round sum multiply divide subtract
    average mean median deviation encode decode hash parse format tokenize tokenise translate sqrt power absolute
    factorial logarithm logarithmic percentage modulo minimum maximum min max sin cos tan sequentialthinking brainstorm
    simulate ponder rephrase classify rewrite uppercase lowercase slugify interpolate solve integrate derive simplify"""

# As often a noun as a verb: a verb only where a verb stands, at the head of a name and not before a bare noun list.
AMBIGUOUS = word_set(
    """message mail email text call comment order book charge credit debit post tweet file record log label tag
    flag report review schedule plan request issue test audit trade tip bid deposit fund transfer refund
    purchase watch track trace filter sample match score rank rate quote map link note share alert ping
    answer chat phone fax star pin like follow vote push queue script shell control source start stop run
    build commit fork branch merge draft copy backup bundle format hash reset change update process
    transition hold release stage stash split lock focus swap exchange upgrade return load wait tree top head
    tail contact notice webhook signal cast fire store set status new bulk is has can do does echo lift drive
    trigger account mean min max average minimum maximum sum absolute round use block permit grant type turn
    ship availability browse fix
    leave join skip speed bar trust paste repair trim warm slow leave ask spend lease charter finance sponsor promise
    campaign complain empty strip grade award seat park reverse roster contest dispute delay rent hire print
    capture take zip sort prices"""
)

NOUNS_OPENED = word_set(
    """file document page url tab app application browser link email mail message letter note folder directory image pdf
    sheet spreadsheet workbook conversation notebook database archive book chapter website view attachment"""
)  # opening them is reading; opening anything else lets something in or begins something
NOUNS_MONEY_MOVED = word_set(
    """payment payout transfer transaction refund charge withdrawal deposit donation disbursement remittance
    money fund cash wire reimbursement credit cashback crypto bitcoin eth ether usdc payroll dividend tip bill"""
)
NOUNS_MESSAGE = word_set(
    """message email mail comment reply post tweet notification announcement sms dm text review discussion gist
    letter invitation invite newsletter broadcast alert issue pr feedback webhook thread pullrequest
    mergerequest postcard fax"""
)
NOUNS_PRINCIPAL = word_set(
    """user member role permission privilege group team collaborator admin administrator owner ownership policy
    acl access grant password passphrase credential secret key token mfa otp certificate firewall firewalls
    security membership scope sso saml apikey identity iam principal visibility rbac binding participant
    guest vpn sudo encryption"""
)
NOUNS_APPROVAL = word_set("approval approver authority authorization authorisation permission admin access")
# Nouns for who may do what that are other things beside these words.
_EVENTS = word_set(
    "event calendar meeting party invite table booking reservation dinner lunch wedding rsvp class course"
)
NOUNS_UNGOVERNED = {
    "policy": word_set("insurance claim cover coverage premium excess insured holder policyholder no number"),
    "guest": _EVENTS,
    "participant": _EVENTS,
    "owner": word_set("deal lead opportunity task ticket case issue record"),
    "member": word_set("gym club fitness loyalty library household family"),
    "group": word_set("food age blood tab colour color layer ad"),
    "team": word_set("sport league match game fantasy"),
    "security": word_set("stock bond share isin ticker symbol portfolio"),
}
# The contrary: only beside these words do they say who may do what.
NOUNS_GOVERNED = {
    "membership": word_set(
        "group team role org organization organisation workspace channel repo repository project user"
    ),
    "account": word_set("user admin administrator staff employee service login root sudo"),
}
NOUNS_OWN_FACT = word_set(
    """balance iban time date clock timezone setting preference id version rate currency budget limit quota
    count total uptime health temperature day today now weekday datetime timestamp
    exchange ping latency cpu memory disk password sum number uuid
    random zipcode distance hash checksum bic"""
)
# What the organisation itself has written down for those who work for it.
NOUNS_OWN_VOICE = word_set("policy guideline sop")
# Goods: sending them is no message, and what they cost is gone.
NOUNS_GOODS = word_set(
    """replacement product item sample parcel package gift voucher coupon kit spare part device sim goods unit equipment
    hardware merchandise card"""
)
# Pairs of words that are one verb.
_PAIRS = """
    write off writeoff; sign off approve; sign up register; log in login; log out logout; sign in login; sign out logout
    top up topup; pay out payout; cash out withdraw; roll back rollback; shut down shutdown; set up create
    cherry pick merge; clean up cleanup; opt in opt; opt out opt; hand over handover; hand off handover
    call off cancel; hang up stop; look up lookup; back up backup; fill in fill; fill out fill; pay off settle
    draw down withdraw; follow up message; kick off start; turn on turn; turn off turn; switch on switch
    switch off switch; re run run; port in port; port out port; fail over failover
"""
PHRASES = {
    (first, second): verb
    for first, second, verb in (pair.split() for pair in _PAIRS.strip().replace("\n", ";").split(";"))
}
# Who and what is checked in and out: anything else is looked whether it is in or out of something.
NOUNS_CHECKED = word_set(
    """guest passenger patient visitor baggage luggage flight customer member attendee party document device asset
    vehicle rental equipment book room reservation booking"""
)
VERSIONED = word_set("branch ref commit revision repo repository tag workspace")  # what is checked out, and not paid
LODGED = word_set("guest patient visitor room booking reservation")
NOUNS_ENTRY = word_set("access guest door entry lock gate visitor")  # a code for it lets somebody in
NOUNS_OUTSIDE = word_set(
    """web webpage page website url mail email inbox message chat channel thread file document doc transaction
    review ticket event calendar invitation search comment issue post tweet feed article news attachment note
    description history log record result content conversation repository repo notification form response
    transcript"""
)
# Behind a word for a business they show that it is a noun: `order_details` orders nothing.
NOUNS_TOLD = word_set("""info information detail details status history summary summaries overview lookup statistics""")
# The same, where the description names what is known as well and no argument could set it.
NOUNS_KNOWN = word_set(
    """usage timetable forecast weather balance balances hours menu prices catalogue catalog inventory ranking results
    news policy policies rules guidelines faq stats metrics profile metadata contents agenda itinerary calendar today
    now time date clock directions location position temperature headlines quota limits version listings offers options
    transcript grades rates availability levels classes courses conditions reviews ratings analytics insights
    available open upcoming latest recent nearby agenda docs help"""
)
# Nouns that are verbs as well: at the end of a name that is described by a noun, they are nouns.
NOUNS_ACTED = word_set("schedule plan report log record score rate quote price rank index calendar review rating map")
# What a caller sets: an argument of this name may change what a noun only seems to tell.
NOUNS_SET = word_set(
    """value amount content body message on off enabled action command operation target payload level brightness
    setpoint new force delete update password text state"""
)
ACCOUNTS = word_set("order account purchase trade transfer deposit charge refund booking bid fund book ticket file")
NOUNS_TRADED = word_set(
    """order purchase trade booking reservation subscription ticket share stock position contract"""
)
TRADES = word_set("swap exchange stake trade book reserve bid order buy sell")  # with an amount: money moves
# Verbs that read and are also nouns: inside a name whose first word is unknown they prove nothing (`raze_file_list`).
READ_NOUNS = word_set(
    """list search query view check display preview count match sample tree top head tail report test has"""
)
# Computes on a text or number, but changes a record when given one's id (`convert_lead`).
IN_PLACE = word_set("convert format encode decode rewrite classify translate rephrase simplify round")
LIGHT = word_set("perform do make take apply handle process is can")  # say nothing at the head of a description
# Writes a message or a figure and sends none; opens a session under whatever name.
UNSENT = word_set(
    """draft compose prepare save log record store generate mark label annotate login logout logon signin
    signout authenticate logoff"""
)
SETTING = word_set("update change edit modify manage")  # which change, a description may say
SETS_OF = word_set("data result record rule test training working sub photo skill change feature head")
PUBLISHING = word_set("publish send post email mail broadcast announce message text tweet share")
# They say something about a payment or a message and neither move nor write one.
MARKING = word_set(
    """dispute contest flag mark tag label categorize categorise classify annotate match reconcile pin star bookmark
    favorite favourite snooze import copy duplicate clone backup capture unpin unstar hide unhide archive unarchive"""
)
SOCIAL = word_set("follow unfollow like unlike mention tag rate react greet search vote")  # touches no one's rights
REACHING = word_set("""resolve lookup ping dig whois connect probe fetch request download curl trace crawl""")
NOUNS_HANDED_OVER = word_set(
    """file archive data image call document chat conversation message directory folder log content ticket human
    agent operator support representative person object blob backup case session"""
)
NOUNS_MOVED = word_set(
    """ticket case stock inventory goods item product sku patient number domain license licence vehicle asset student
    employee line subscription ownership repo repository project booking reservation registration shift"""
)
NOUNS_DOCUMENT = word_set(
    """invoice letter quote receipt reminder report statement contract estimate offer document file"""
)
NOUNS_ELSEWHERE = word_set(
    """host remote server cloud web url internet public slack email twitter facebook ftp webhook"""
)
COMPOUNDS = frozenset({("pull", "request"), ("merge", "request")})
# What says nothing by itself: "user info" is about the user.
NOUNS_EMPTY = word_set("""info information detail details data record entry object item value by id all list""")

PREPOSITIONS = word_set("""to for by from with in on of at into onto via as about within per using between""")
JOINERS = word_set("and or then plus")
NOISE = word_set("""mcp api tool tools v v1 v2 v3 rest server client the a an my current bulk batch multiple""")


def _table() -> dict[str, tuple[OperationClass, ...]]:
    table: dict[str, tuple[OperationClass, ...]] = {}
    for classes, verbs in _FAMILIES.items():
        for verb in verbs.split():
            table.setdefault(verb, classes)
    for verb in _COMPUTING.split():
        table.setdefault(verb, (_C.READ,))
    return table


VERBS = _table()
_NOT_AGAIN = word_set("remark remarks rebate recover reform reward resource retail resort")  # nouns, mostly
COMPUTING = frozenset(_COMPUTING.split())


@lru_cache(maxsize=8192)
def verb(word: str) -> str:
    """The base form of a verb that the lexicon knows, or ""."""
    for stem in stems(word):
        if stem in VERBS:
            return stem
    again = word[2:] if word.startswith("re") and len(word) > 5 and word not in _NOT_AGAIN else ""
    again = next((stem for stem in stems(again) if stem in VERBS), "") if again else ""
    return again if again and VERBS[again] != (_C.READ,) else ""


def verb_classes(word: str) -> tuple[OperationClass, ...]:
    """What a verb means by itself, in any inflection; () where the lexicon does not know it."""
    return VERBS.get(verb(word), ())


def is_ambiguous(word: str) -> bool:
    """Whether the word is as often a noun."""
    return verb(word) in AMBIGUOUS


def noun_in(word: str, nouns: frozenset[str]) -> bool:
    return word in nouns or singular(word) in nouns
