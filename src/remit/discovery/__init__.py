"""Discovery: agents that nobody registered, found in the traffic."""

from remit.discovery.sightings import Sightings

__all__ = ["Sightings"]
