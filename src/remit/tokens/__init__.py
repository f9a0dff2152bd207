"""Call tokens: minted, verified with proof of possession, consumed once. Values and rules; no I/O, no clock.

record = issue(call, decision=…, id=…, …)          step 8, with the permit; committed at step 9
token, says = mint(record, call, mission, key, …)  step 10, after the commit
found  = verify(token, …)                          a resource server, or Remit itself
proof  = verify_proof(header, ath=found.hash, …)   RFC 9449
spent  = consume(record, found, proof, point, now) the enforcement point's own call; committed
closed = close(spent)                              step 11, with the outcome
"""

from remit.terms.tokens import TokenRecord, TokenState
from remit.tokens.call_tokens import SKEW, CallToken, Minted, mint, token_hash, verify
from remit.tokens.lifecycle import DEFAULT_LIFETIME, close, consume, issue, unusable, void
from remit.tokens.proofs import MAX_AGE, Proof, ReplayCache, is_thumbprint, verify_proof
from remit.tokens.replay import ReplayWindow
from remit.tokens.uris import comparable

__all__ = [
    "DEFAULT_LIFETIME",
    "MAX_AGE",
    "SKEW",
    "CallToken",
    "Minted",
    "Proof",
    "ReplayCache",
    "ReplayWindow",
    "TokenRecord",
    "TokenState",
    "close",
    "comparable",
    "consume",
    "is_thumbprint",
    "issue",
    "mint",
    "token_hash",
    "unusable",
    "verify",
    "verify_proof",
    "void",
]
