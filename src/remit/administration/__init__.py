"""Administration: what operators, and within limits agents, do to Remit's own records. Each act is an entry."""

from remit.administration.access import Access
from remit.administration.agents import Agents
from remit.administration.missions import Missions
from remit.administration.office import PERMISSIONS, Act, Office, PolicyBook, Records
from remit.administration.policies import POLICIES, PolicyDesk
from remit.administration.record import Archive, Record, Recorded
from remit.administration.requests import Requests
from remit.administration.tools import Tools

__all__ = [
    "PERMISSIONS",
    "POLICIES",
    "Access",
    "Act",
    "Administration",
    "Agents",
    "Archive",
    "Missions",
    "Office",
    "PolicyBook",
    "PolicyDesk",
    "Record",
    "Recorded",
    "Records",
    "Requests",
    "Tools",
]


class Administration:
    """All desks over one office."""

    def __init__(self, office: Office, archive: Archive) -> None:
        self.office = office
        self.agents = Agents(office)
        self.missions = Missions(office)
        self.tools = Tools(office)
        self.access = Access(office)
        self.requests = Requests(office)
        self.policies = PolicyDesk(office)
        self.record = Record(office, archive)
