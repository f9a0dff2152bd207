"""Mediation: THE path. Nothing reaches a tool by another way (I8)."""

from remit.mediation.path import Mediator
from remit.mediation.ports import Approvals, Clock, Entropy, Journal, Policies, Rates, Sightings, State

__all__ = ["Approvals", "Clock", "Entropy", "Journal", "Mediator", "Policies", "Rates", "Sightings", "State"]
