"""Behaviour: how often an agent calls, and what it does for the first time."""

from remit.behaviour.rates import Rates

__all__ = ["Rates"]
