"""What Remit reaches beyond its own directory: sinks and witnesses of the log's checkpoints."""

from remit.connectors.delivery import Delivery, Receiver, Standing
from remit.connectors.sinks import FileSink
from remit.connectors.witnesses import HttpWitness

__all__ = ["Delivery", "FileSink", "HttpWitness", "Receiver", "Standing"]
