"""Administration: what operators, and within limits agents, do to Remit's own records. Each act is an entry."""

from remit.administration.access import Access
from remit.administration.agents import Agents
from remit.administration.custody import Custody, Erased, Proofs, Vault
from remit.administration.missions import Missions
from remit.administration.modes import Modes, Rules
from remit.administration.office import PERMISSIONS, Act, Office, PolicyBook, Records
from remit.administration.policies import POLICIES, PolicyDesk
from remit.administration.record import Archive, Record, Recorded
from remit.administration.requests import Requests
from remit.administration.revocation import Revocable, Revocation, Revoked
from remit.administration.signing_keys import OWN_KEYS, TOKEN_KEYS, Keyring, SigningKeys, rotation
from remit.administration.tools import Tools

__all__ = [
    "OWN_KEYS",
    "PERMISSIONS",
    "POLICIES",
    "TOKEN_KEYS",
    "Access",
    "Act",
    "Administration",
    "Agents",
    "Archive",
    "Custody",
    "Erased",
    "Keyring",
    "Missions",
    "Modes",
    "Office",
    "PolicyBook",
    "PolicyDesk",
    "Proofs",
    "Record",
    "Recorded",
    "Records",
    "Requests",
    "Revocable",
    "Revocation",
    "Revoked",
    "Rules",
    "SigningKeys",
    "Tools",
    "Vault",
    "rotation",
]


class Administration:
    """All desks over one office."""

    def __init__(self, office: Office, vault: Vault, proofs: Proofs, *, keyring: Keyring, rules: Rules) -> None:
        self.office = office
        self.agents = Agents(office)
        self.missions = Missions(office)
        self.tools = Tools(office)
        self.access = Access(office)
        self.requests = Requests(office, vault)
        self.revocation = Revocation(
            office, agents=self.agents, missions=self.missions, tools=self.tools, access=self.access
        )
        self.policies = PolicyDesk(office)
        self.modes = Modes(office, rules)
        self.signing_keys = SigningKeys(office, keyring, vault)
        self.record = Record(office, vault)
        self.custody = Custody(office, vault, proofs)
