"""What words license: verbs to operation classes, nouns to kinds of things, and how a request is worded.

A lexical resource of general English, never of one system. Another language is another `Lexicon` in
`LANGUAGES`; the compiler takes the one whose function words a text uses most. The verbs of interfaces come from
the catalogue, so that goals and tools are read by one table; what stands here is what people mean by them
beyond that ("cancel" may end in a deletion or in an update of a status).
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

import msgspec

from remit.catalogue.lexicon import VERBS
from remit.catalogue.words import singular, stems
from remit.intent.nouns import is_noun as is_noun
from remit.intent.words import words
from remit.terms import OperationClass

_C = OperationClass
Classes = tuple[OperationClass, ...]

# What a person who says this may mean, beyond the interface's meaning of the verb.
_WIDER: dict[Classes, str] = {
    (_C.CREATE, _C.UPDATE): """
        stick pop shove bung plonk whack slap scribble tick amend alter tailor reword polish proofread earmark ringfence
        defer adjourn shelve untick jiggle rebrand retitle retag relabel rewrite reprice recategorise reformat
    """,
    (
        _C.DELETE,
        _C.UPDATE,
    ): """
        scrap ditch bin void retire cancel remove drop discontinue deactivate disable end withdraw clear
        eliminate strike tidy stop halt scratch nix axe annul rescind nullify quash abolish abandon abort relinquish
        unbook jettison dispose offload junk toss cull obliterate annihilate chuck zap nuke dump
    """,
    (_C.TRANSFER,): "pay wire settle donate tip repay reimburse payback",
    (_C.UPDATE,): "repair troubleshoot",
    (_C.TRANSFER, _C.UPDATE): "refund return exchange compensate credit charge comp",
    (_C.CREATE, _C.TRANSFER, _C.UPDATE): "reorder restock replenish",
    (_C.ADMINISTER, _C.COMMUNICATE, _C.CREATE, _C.UPDATE): "onboard",
    (_C.CREATE, _C.TRANSFER): """
        book order buy purchase reserve rent invest trade sell acquire ticket grab snag nab procure preorder pre-order
        prebook charter lease
    """,
    (_C.COMMUNICATE, _C.CREATE, _C.UPDATE): "offer bid tender pitch",
    (_C.TRANSFER, _C.COMMUNICATE): "send transmit",
    (_C.COMMUNICATE,): """
        email mail message dm text notify tell inform reply respond answer announce contact ask remind warn
        forward alert ping call congratulate thank serve nudge page relay phone ring invite greet brief
        advise apologise apologize text message chase acknowledge whatsapp pester badger hassle nag quiz consult prompt
        apprise forewarn poke prod needle dun chivvy holler congratulate
        reassure debrief cc bcc praise commend compliment welcome beg urge petition hound introduce protest
    """,
    (_C.COMMUNICATE, _C.CREATE): "post publish tweet comment share submit upload write broadcast retweet",
    (_C.COMMUNICATE, _C.ADMINISTER, _C.CREATE, _C.UPDATE): "invite add",
    (_C.COMMUNICATE, _C.UPDATE): "rsvp accept decline",
    (_C.ADMINISTER, _C.UPDATE): """
        grant revoke allow permit authorize block unblock ban promote reset configure secure protect
        restrict enroll
    """,
    (_C.ADMINISTER, _C.DELETE, _C.UPDATE): "kick expel suspend offboard",
    (
        _C.UPDATE,
        _C.CREATE,
    ): """
        set schedule reschedule plan arrange organize organise change adjust update modify edit move rename
        assign mark log record register save store put fill complete finalize restore apply switch upgrade
        downgrade correct fix merge remember memorize memorise note jot bump tweak rebook extend renew
        prolong swap refer cover roster staff route redirect divert postpone delay pause resume hold release
        freeze unfreeze raise lower increase decrease reduce tag label categorize categorise close resolve
        sign countersign claim redeem waive waitlist shortlist hire translate transcribe merge split replace
        enter prepare stage make sort transition allocate link connect attach follow rectify navigate drive
        turn lock unlock tune extend confirm approve reject accept check-in reopen ok greenlight green-light push
        shift acknowledge double triple quadruple halve trim slash boost hike ramp cap shrink enlarge expand widen
        narrow tighten shave cut slot pencil squeeze slip shuffle rejig juggle rearrange reallocate reshuffle
        relocate revise redo stagger stash stow tuck
    """,
    (_C.CREATE,): """
        file lodge request apply create generate draft compose build open start copy backup archive produce
        document establish
    """,
    (_C.EXECUTE, _C.UPDATE, _C.CREATE): """
        run execute launch deploy install start stop restart trigger activate compile test engage ignite
        initiate boot irrigate water mow vacuum hoover brew preheat flush defrost sprinkle reboot
    """,
    (_C.DELETE,): "delete erase purge wipe trash destroy uninstall",
    (_C.READ,): """
        track read find look check show list tell view search see know review summarize summarise compare
        count compute calculate verify visit browse inspect examine analyze analyse fetch retrieve explain
        describe identify determine estimate concatenate combine aggregate gather collect join
        skim peek glance eyeball gauge peruse scour comb trawl sift rummage ascertain pinpoint
    """,
}
# They say that something is to be done, not what.
_VAGUE = frozenset(
    words(
        """
        handle manage process do perform execute take proceed deal help assist oversee coordinate carry
        work act action tackle attend continue use resolve facilitate address conduct implement try go keep
        undertake begin want need like ensure get place let include give
    """
    )
)
# Nouns that name an act: "proceed with the cancellation".
_ACTS = dict(
    pair.split(":")
    for pair in words(
        """
        cancellation:cancel deletion:delete removal:remove acquisition:acquire purchase:buy payment:pay
        refund:refund submission:submit registration:register installation:install deployment:deploy
        reservation:book booking:book notification:notify invitation:invite creation:create
        update:update modification:modify change:change transfer:transfer deposit:pay
        withdrawal:withdraw publication:publish return:return exchange:exchange restoration:restore
        revocation:revoke renewal:extend upgrade:upgrade conversion:convert backup:backup ignition:start
        order:order rebooking:book termination:cancel retraction:cancel closure:delete reply:reply
        announcement:announce assignment:assign adjustment:adjust message:message email:email
        refill:order delivery:send
    """
    )
)
# Acts whose verb is a noun of its own in interfaces, and of no other meaning.
_NAMED_ACTS = frozenset(
    words("return exchange refund cancel submit install deploy register withdraw renew backup publish")
)


_PHRASAL: dict[Classes, str] = {
    (_C.READ,): """
        dig-into drill-into delve-into get-bottom pull-up skim-through
        go-through go-over look-up look-into look-at look-through find-out run-through add-up sum-up tot-up
        look-over read-through read-up walk-through talk-through dig-up dig-out figure-out suss-out weigh-up catch-up
        bring-speed get-speed
    """,
    (_C.COMMUNICATE,): """
        let-know get-back reach-out pass-on pass-along follow-up drop-line write-back hand-over spread-word
        report-back feed-back circle-back come-back ring-back drop-text drop-mail drop-email drop-sms drop-word
        shoot-message shoot-mail shoot-email shoot-text shoot-line give-call give-ring give-shout give-bell
        give-heads-up give-heads put-word
        let-have let-see give-shove give-nudge give-prod give-poke give-push get-hold sound-out touch-base hit-up
        ask-around ask-round break-news send-word
        loop-in keep-loop get-touch put-touch chase-up mail-back text-back keep-posted keep-informed keep-updated
    """,
    (
        _C.COMMUNICATE,
        _C.CREATE,
    ): """
        leave-comment leave-note leave-message leave-review leave-feedback drop-note drop-message give-
        feedback
    """,
    (_C.EXECUTE, _C.UPDATE, _C.CREATE): "get-going get-done get-started get-moving",
    (_C.ADMINISTER, _C.COMMUNICATE): "give-access give-rights give-permission give-permissions",
    (_C.ADMINISTER, _C.COMMUNICATE, _C.UPDATE): "let-read let-edit let-view let-use let-access let-write",
    (_C.ADMINISTER, _C.UPDATE): "take-access take-rights let-in let-into lock-out",
    (_C.DELETE, _C.UPDATE): """
        take-out take-off call-off get-rid throw-away throw-out back-out strike-out leave-out clean-up cut-
        out pull-out kick-out chuck-out bin-off cross-off cross-out
        pack-in jack-in do-away wind-up let-lapse pull-plug stand-down
        take-down pull-down rip-out weed-out opt-out write-off
    """,
    (
        _C.EXECUTE,
        _C.UPDATE,
    ): """
        shut-down shut-off switch-off switch-on turn-off turn-on fire-up start-up spin-up kick-off turn-down turn-up
        dial-down dial-up roll-back power-off power-on power-down power-up
    """,
    (_C.TRANSFER, _C.UPDATE): "send-back bring-back give-back hand-back take-back",
    (_C.TRANSFER,): "top-up pay-back pay-off square-up settle-up chip-in cough-up stump-up fork-out",
    (_C.CREATE, _C.TRANSFER): "snap-up stock-up",
    (_C.COMMUNICATE, _C.CREATE, _C.UPDATE): "put-live go-live put-online",
    (_C.CREATE,): "hand-in turn-in",
    (_C.CREATE, _C.UPDATE): """
        sign-up fill-in fill-out write-up write-down note-down put-in put-down put-on hook-up bring-forward
        give-off give-discount knock-off
        line-up draw-up mark-down key-in punch-in type-in tack-on put-right patch-up touch-up switch-over carry-over
        roll-over bump-up put-ice put-hold straighten-out iron-out put-aside
        push-back set-aside put-off pull-forward pencil-in slot-in squeeze-in fit-in bring-down bring-up knock-down
        scale-up scale-down ramp-up ramp-down
    """,
}
_CONTRARY = """
    approve accept confirm admit : reject decline deny refuse; lock : unlock; enable activate : disable deactivate;
    block ban : unblock unban; grant allow : revoke forbid; subscribe : unsubscribe; start resume launch : stop pause;
    arm : disarm; hire : fire; publish : unpublish; mute : unmute; raise increase : lower decrease reduce;
    hold : release; promote : demote; follow : unfollow; archive : unarchive restore; open reopen : close; show : hide;
    pin : unpin; assign : unassign; redeem spend : award earn add grant; draft : send submit file serve
"""
RECURRING = frozenset(
    words(
        """
        every each daily weekly monthly yearly hourly whenever always recurring automatically regularly weekdays
        anymore henceforth permanently ongoing
        """
    )
)
GOING_ON = ("from now on", "any more", "no longer", "in future", "in the future", "going forward", "never again")
_TOLD = frozenset(words("tell inform notify show let give advise brief answer remind update"))
# The verb that interfaces have for it.
_PLAINLY = dict(
    pair.split(":")
    for pair in words(
        """
        send-back:return bring-back:return give-back:return hand-back:return take-back:return
        call-off:cancel get-rid:delete throw-away:delete throw-out:delete push-back:postpone put-off:postpone
        bring-forward:reschedule pull-forward:reschedule sign-up:register let-go:cancel
        """
    )
)
_NEXT = frozenset((",", "and", "then", "but", ":"))  # where what belongs to another verb begins
MAX_APART = 8  # words between a verb and its particle


class Lexicon(msgspec.Struct, frozen=True, kw_only=True):
    """One language."""

    name: str
    function_words: frozenset[str]  # what tells the language
    telling: frozenset[str]  # those of them that stand in few others
    determiners: frozenset[str]  # before a noun: what follows is no verb
    subjects: frozenset[str]  # pronouns after which a verb reports or describes, not asks
    polite: frozenset[str]  # may stand before an imperative
    askers: frozenset[str]  # begin a question
    doers: frozenset[str]  # those of them that begin a request as well
    modals: frozenset[str]  # "can you …", "to …": an infinitive follows
    recipients: frozenset[str]  # prepositions before a recipient or place
    stop: frozenset[str]


ENGLISH = Lexicon(
    name="en",
    function_words=frozenset(words("the a an to of and in is for you my i me please that it on with what how")),
    telling=frozenset(words("the of and with my please it for you your our her his this there")),
    determiners=frozenset(
        words(
            """
        the a an my your his her its our their this that these those any some all each every no another
        recent last next first new old total current of same pending scheduled such which whose other
        more most recurring's
    """
        )
    ),
    subjects=frozenset(words("i he she it they who we which someone somebody everyone")),
    polite=frozenset(
        words(
            """
        please kindly now then first firstly next also and or but just so finally afterwards after else
        otherwise lastly second third ok okay yes yeah yep great good fine alright perfect hi hello hey thanks sorry
        immediately quickly always simply instead before to not let's lets i'd i'll
    """
        )
    ),
    askers=frozenset(
        words(
            """
        what what's whats how who who's when where which why is are am was were do does did has have had
        whose whom
    """
        )
    ),
    doers=frozenset(words("do have")),
    modals=frozenset(
        words(
            """
        to can could would will shall should must may might please let's you'll i'll we'll let and then
        or
    """
        )
    ),
    recipients=frozenset(words("to with at into onto via for in from by on")),
    stop=frozenset(
        words(
            """
        the a an to of and in is for you my i me please that it on with what how be are was were will
        would can could should have has had do does did this these those from by at as or if not but so
        then than them they their there here he she his her we our us your its also any all some just
        about into out up down over after before when where which who whom why am been being make made
        get got let need want like sure one two three every each
    """
        )
    ),
)
LANGUAGES: tuple[Lexicon, ...] = (ENGLISH,)


def _wider() -> dict[str, frozenset[OperationClass]]:
    table: dict[str, frozenset[OperationClass]] = {}
    for classes, verbs in _WIDER.items():
        for verb in verbs.split():
            table[verb] = table.get(verb, frozenset()) | frozenset(classes)
    return table


def _particles() -> dict[str, dict[str, frozenset[OperationClass]]]:
    table: dict[str, dict[str, frozenset[OperationClass]]] = {}
    for classes, pairs in _PHRASAL.items():
        for pair in pairs.split():
            verb, _, particle = pair.partition("-")
            table.setdefault(verb, {})[particle] = frozenset(classes)
    return table


def _opposed() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for pair in _CONTRARY.split(";"):
        one, _, other = pair.partition(":")
        for here, there in ((one, other), (other, one)):
            for verb in here.split():
                table[verb] = table.get(verb, frozenset()) | frozenset(there.split())
    return table


_PARTICLES = _particles()
_OPPOSED = _opposed()
_MEANS = _wider()


LEAST_AGAIN = 4  # letters of a verb with "re-" before it: what is done again is done
# These have it and mean something else.
_ONCE = frozenset(
    words(
        """
        resort retail remark research repair resource recover recall resign reform retest relate regard regards rest
        reset record report result reward recent real ready reach rely repeat rent reason receipt recipe regular remedy
        """
    )
)


@lru_cache(maxsize=16384)
def licenses(word: str) -> frozenset[OperationClass]:
    """The operation classes that a person asks for with this verb in its base form; empty when it is no known verb."""
    if word in _MEANS:
        return _MEANS[word]
    if word in VERBS or word in _VAGUE:
        return frozenset(VERBS[word]) if word not in _VAGUE else frozenset()
    return (
        licenses(word[2:].lstrip("-"))
        if word[:2] == "re" and len(word) > LEAST_AGAIN and word not in _ONCE
        else frozenset()
    )


@lru_cache(maxsize=16384)
def base(word: str) -> str:
    """The base form of an inflected verb that is known, or ""."""
    for stem in stems(word):
        if stem in _MEANS or stem in _VAGUE or stem in VERBS or stem in _PARTICLES:
            return stem
    return ""


def act_of(noun: str) -> str:
    """The verb whose act a noun names, or ""."""
    return _ACTS.get(noun, "")


def acts_named(verb: str) -> frozenset[str]:
    """The kinds of things whose names also name the act: what `return` asks for, a tool calls a return."""
    return frozenset((verb,)) if verb in _NAMED_ACTS else frozenset()


def is_phrasal(verb: str) -> bool:
    """Whether it means something with another word behind it."""
    return verb in _PARTICLES


def phrasal(verb: str, following: Iterable[str]) -> tuple[frozenset[OperationClass], str]:
    """What a verb means with the particle that stands soon after it ("call the trip off", "take her out of …"), and
    the plain verb for it."""
    particles = _PARTICLES.get(verb)
    if particles:
        for word in islice(following, MAX_APART):
            if word in _NEXT:
                break
            if (found := particles.get(word) or particles.get(singular(word))) is not None:
                return found, _PLAINLY.get(f"{verb}-{word}", verb)
    return frozenset(), verb


def tells(verb: str) -> bool:
    """Whether who is told by it, "tell me …", learns something, and nobody else does."""
    return verb in _TOLD


@lru_cache(maxsize=8192)
def opposed(verb: str) -> frozenset[str]:
    """The verbs for the contrary: who asks to reject does not ask to approve."""
    return _OPPOSED.get(verb, frozenset())


def is_vague(word: str) -> bool:
    return word in _VAGUE


# The catalogue knows these as parts of tools' names; at the head of a sentence they ask for nothing.
_NO_IMPERATIVE = frozenset(
    words(
        """
        new can could does do is has have are was will would exist exists contain contains match like
        mean min max average sum minimum maximum power account availability status settings balance
        source sample bulk is are thank thanks see note enjoy think hope wait look block
        round type light water fire head top tail web human second last cover matter state value point
        result results need want work take be love dear best regards sincerely feel ok okay ticket
    """
    )
)


# People say these to whoever works for them; at the head of a clause in a document they are nouns and labels.
_SAID_ALOUD = frozenset(
    words(
        """
        offer bid tender pitch cap hike cut trim slot pencil squeeze lease charter stash boost ramp prompt slip dump
        toss junk welcome double triple halve expand widen narrow shave stow tuck revise
        redo stagger consult commend praise
        stick pop shove bung plonk whack slap scribble tick shelve polish poke prod needle dun holler
        comb gauge skim peek glance
        amend alter tailor reword proofread earmark ringfence defer adjourn untick jiggle rebrand retitle retag relabel
        reprice recategorise reformat apprise forewarn chivvy eyeball peruse scour trawl sift rummage ascertain pinpoint
        cc bcc quiz nag snag grab nab brew mow flush cull zap nuke chuck abandon abort
        """
    )
)
_OVERRIDING = frozenset(words("ignore disregard forget override bypass"))  # they take a task away to give another


@lru_cache(maxsize=16384)
def is_imperative(word: str) -> bool:
    """Whether a base form at the head of a clause asks for an act."""
    return (
        bool(word)
        and word not in _NO_IMPERATIVE
        and word not in _SAID_ALOUD
        and (word in _OVERRIDING or bool(licenses(word)))
    )


# All words that may ask for an act at the head of a clause: a text with none of them need not be searched.
OPENING = frozenset(word for word in {*_MEANS, *VERBS, *_VAGUE, *_OVERRIDING} if is_imperative(word) or is_vague(word))
