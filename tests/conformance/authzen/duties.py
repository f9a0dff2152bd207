"""The duties of AuthZEN Authorization API 1.0 (final) for evaluation, evaluations and metadata, and the decisions that
its certification scenario mandates. Sections are those of the specification; C-sections of the scenario."""

from tests.conformance.requirements import Requirement

_DUTIES = (
    # What is asked
    ("subject", "5.1", "a subject has a string `type`, a string `id` and, if it likes, an object `properties`"),
    ("resource", "5.2", "a resource has a string `type`, a string `id` and, if it likes, an object `properties`"),
    ("action", "5.3", "an action has a string `name` and, if it likes, an object `properties`"),
    ("context", "5.4", "`context` is an object and may be left out"),
    ("any-properties", "5.1.1", "properties may hold any JSON value, those that policy knows nothing of included"),
    ("missing", "10.1.1", "a required member that is missing is answered 400"),
    ("wrong-type", "C2.4.6", "a member of a wrong type is answered 400"),
    ("unknown-members", "10.1.1", "unknown members are ignored, wherever they stand"),
    ("member-order", "10.1.1", "the order of members means nothing"),
    # What is answered
    ("decision", "5.5", "the answer has a boolean `decision`"),
    ("answer-context", "5.5.1", "`context` of an answer is an object"),
    ("denial-is-a-success", "10.1.2", "a denial is status 200 with `decision` false"),
    ("same-again", "C2.6", "the same request gets the same decision again"),
    # Several at once
    ("batch-order", "7.2", "answers stand in the order of the request, one for each item"),
    ("batch-defaults", "7.1.1", "top-level members are defaults of every item"),
    ("batch-override", "7.1.1", "an item's own member replaces the default whole; nothing is merged below it"),
    ("batch-context", "7.1.1", "`context` is inherited and replaced like the other members"),
    ("batch-no-defaults", "7.1", "defaults may be left out when every item brings its own"),
    ("batch-absent", "7.1", "without `evaluations` the request is one evaluation, answered as one"),
    ("batch-empty", "7.1", "an empty `evaluations` is one evaluation, answered as one"),
    ("batch-top-decision", "7.2", "an answer with `evaluations` has no `decision` beside it"),
    ("batch-item-error", "7.2.1", "an item that cannot be evaluated is a denial with the error in its context"),
    ("batch-payload-error", "7.2.1", "an error of the whole payload is a transport error"),
    ("execute-all", "7.1.2.1", "`execute_all` evaluates everything, and is the default"),
    ("deny-on-first-deny", "7.1.2.1", "`deny_on_first_deny` returns with the first denial or error"),
    ("permit-on-first-permit", "7.1.2.1", "`permit_on_first_permit` returns with the first permit"),
    ("unknown-semantic", "7.1.2.1", "a semantic is exactly one of the three"),
    ("other-options", "7.1.2", "options that are not known are ignored"),
    # Metadata
    ("metadata", "9.2.2", "metadata is a JSON object with status 200, for anybody who asks by GET"),
    ("metadata-identifier", "9.2.3", "`policy_decision_point` is our identifier, letter for letter"),
    ("metadata-endpoints", "9.1.1", "the endpoints named are those that answer; what does not exist is not named"),
    ("metadata-path", "9.2", "the well-known string goes between host and path of the identifier"),
    ("metadata-no-empty", "9.2.2", "parameters without a value are left out"),
    ("metadata-caching", "11.9", "metadata says for how long it may be kept"),
    # Transport
    ("post", "10.1", "evaluations are asked for by POST, and by nothing else"),
    ("content-type", "10.1", "a request says `application/json`, with a charset or without"),
    ("other-content-type", "C2.4.3", "another content type, or none, is answered 400"),
    ("answer-type", "10.1", "a success is status 200 with `application/json`"),
    ("object-at-top", "10.1.1", "the top of a request is an object: arrays and scalars are answered 400"),
    ("malformed", "C2.4.4", "a body that is not JSON is answered 400"),
    ("empty-body", "C2.4.5", "an empty body is answered 400"),
    ("error-message", "10.1.2", "an error says in words what is wrong"),
    ("request-id", "10.1.3", "`X-Request-ID` comes back as it was sent, in errors too"),
    ("no-request-id", "C2.5.2", "a request without `X-Request-ID` is as good"),
    ("authentication", "11.3", "without a valid key the answer is 401 with `WWW-Authenticate`"),
    ("forbidden", "10.1.2", "a valid key that may not ask this is answered 403"),
    ("i-json", "11.5", "duplicate members, lone surrogates and numbers beyond double precision are refused"),
    ("limits", "11.7", "payload size, nesting and the number of items are limited"),
    # The decisions that the certification scenario mandates
    ("rule-1", "C1.4", "alice may read record-1"),
    ("rule-2", "C1.4", "alice may write record-1"),
    ("rule-3", "C1.4", "bob may read record-1"),
    ("rule-4", "C1.4", "bob may not write record-1"),
    ("rule-5", "C1.4", "alice may not write an archived record"),
    ("rule-6", "C1.4", "an admin may write an archived record"),
    ("rule-7", "C1.4", "alice may delete record-1 softly"),
    ("rule-8", "C1.4", "alice may not delete record-1 for good"),
)
DUTIES = tuple(Requirement(f"authzen.{name}", source, text) for name, source, text in _DUTIES)
