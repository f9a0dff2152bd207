"""The decision API: AuthZEN for enforcement points and agents, and JSON routes for operators. A door to the path."""

from remit.decision_api.app import create_api
from remit.decision_api.services import ApiServices, Health, PublicLog, Standing

__all__ = ["ApiServices", "Health", "PublicLog", "Standing", "create_api"]
