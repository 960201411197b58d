"""How any chart runs: step, binding, machine, mailbox, timers and trace. Knows nothing of SIP."""

from session_fsm.machine.binding import Action, Binding, Emit, Predicate
from session_fsm.machine.compile import compile_chart, prove_equal, reference_machine
from session_fsm.machine.machine import Machine
from session_fsm.machine.mailbox import Mailbox
from session_fsm.machine.replay import Difference, replay
from session_fsm.machine.rows import TraceRows
from session_fsm.machine.step import Holds, Step, Table, step
from session_fsm.machine.trace import Trace, TraceRow, charts_of, read_jsonl, write_jsonl, write_rows
from session_fsm.machine.trace_head import SCHEMA, head_of, other_charts

__all__ = [
    "SCHEMA",
    "Action",
    "Binding",
    "Difference",
    "Emit",
    "Holds",
    "Machine",
    "Mailbox",
    "Predicate",
    "Step",
    "Table",
    "Trace",
    "TraceRow",
    "TraceRows",
    "charts_of",
    "compile_chart",
    "head_of",
    "other_charts",
    "prove_equal",
    "read_jsonl",
    "reference_machine",
    "replay",
    "step",
    "write_jsonl",
    "write_rows",
]
