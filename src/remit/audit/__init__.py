"""The transparency log: entries, tiles, signed checkpoints, proofs and offline verification (C2SP, RFC 6962)."""

from remit.audit.checkpoints import Checkpoint, log_name, log_origin, open_checkpoint, sign_checkpoint, tenant_of
from remit.audit.commitments import commit, opens
from remit.audit.cosignatures import Witness, cosigned_at, cosigned_message
from remit.audit.entries import Entry, decode_entry, encode_entry
from remit.audit.hashing import leaf_hash
from remit.audit.history import appended, newest_note, read_history
from remit.audit.notes import Verifier, open_note, sign_note
from remit.audit.ports import EntrySource, FileStore
from remit.audit.proofs import verify_consistency, verify_inclusion
from remit.audit.published import Published
from remit.audit.report import Problem, Progress, Report, Witnessed
from remit.audit.sequencer import Publisher
from remit.audit.tiles import TilePath, parse_path
from remit.audit.tlog_proof import Proof, decode_proof, encode_proof, verify_proof
from remit.audit.tree import Tree
from remit.audit.verify import verify
from remit.audit.witnessing import Submission

__all__ = [
    "Checkpoint",
    "Entry",
    "EntrySource",
    "FileStore",
    "Problem",
    "Progress",
    "Proof",
    "Published",
    "Publisher",
    "Report",
    "Submission",
    "TilePath",
    "Tree",
    "Verifier",
    "Witness",
    "Witnessed",
    "appended",
    "commit",
    "cosigned_at",
    "cosigned_message",
    "decode_entry",
    "decode_proof",
    "encode_entry",
    "encode_proof",
    "leaf_hash",
    "log_name",
    "log_origin",
    "newest_note",
    "open_checkpoint",
    "open_note",
    "opens",
    "parse_path",
    "read_history",
    "sign_checkpoint",
    "sign_note",
    "tenant_of",
    "verify",
    "verify_consistency",
    "verify_inclusion",
    "verify_proof",
]
