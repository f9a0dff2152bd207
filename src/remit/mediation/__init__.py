"""Mediation: THE path. Nothing reaches a tool by another way (I8)."""

from remit.mediation.path import Mediator
from remit.mediation.ports import Approvals, Clock, Entropy, Journal, Policies, Rates, Sightings, State
from remit.mediation.tokens import CallTokens, Presented

__all__ = [
    "Approvals",
    "CallTokens",
    "Clock",
    "Entropy",
    "Journal",
    "Mediator",
    "Policies",
    "Presented",
    "Rates",
    "Sightings",
    "State",
]
