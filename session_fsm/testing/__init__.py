"""A virtual network with virtual time for any number of user agents: for our tests and for yours.

Nothing here sleeps, opens a socket or reads a clock. Loss, delay, duplication and reordering are verbs of the network;
its dice are seeded, so that a run can be had again.
"""

from session_fsm.testing.datagram import Datagram, Log, Method
from session_fsm.testing.line import Line
from session_fsm.testing.network import Network, NoRestError
from session_fsm.testing.phone import EngineError, Leftovers, Phone
from session_fsm.testing.scripted import ScriptedPeer

__all__ = [
    "Datagram",
    "EngineError",
    "Leftovers",
    "Line",
    "Log",
    "Method",
    "Network",
    "NoRestError",
    "Phone",
    "ScriptedPeer",
]
