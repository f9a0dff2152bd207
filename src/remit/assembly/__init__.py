"""Assembly: the one place where things are wired."""

from remit.assembly.config import load_settings
from remit.assembly.first_run import InitResult, init
from remit.assembly.policies import load_policies
from remit.assembly.remit import Remit, open_remit

__all__ = ["InitResult", "Remit", "init", "load_policies", "load_settings", "open_remit"]
