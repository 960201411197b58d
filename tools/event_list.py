"""Writes docs/events.md from the docstrings of session_fsm/session/events.py and states.py."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType

from session_fsm.session import events, states

PAGE = Path(__file__).parent.parent / "docs" / "events.md"

# ruff: noqa: E501  # rows of a Markdown table cannot be broken
HEAD = """# Events

Written by `make charts` from `session_fsm/session/events.py` and `states.py`. Every event has `session_id`, `role`, `time` (seconds of the
process's monotonic clock), `call_state` and `media_state`.

## In the order in which a plain call tells them

"""

# What a plain call tells, as tests/session holds it against real calls of both roles.
PAIRS = """| UAC | UAS |
|---|---|
| `SessionCreated`, `OutgoingCallPrepared`, `StateChanged`, `CallInitiated`, `SdpEvent` (offer sent), `MediaStateChanged` \
(Negotiating) | `SessionCreated`, `IncomingCall`, `StateChanged`, `SdpEvent` (offer received), `MediaStateChanged` (Negotiating) |
| at the 200 received: `CallAnswered`, `StateChanged`, `DialogEstablished`, `AckSent`, `DialogStateChanged`, `SdpEvent` \
(answer received) | at the 200 sent: `CallAccepted`, `CallAnswered`, `StateChanged`, `DialogEstablished`, \
`DialogStateChanged`, `SdpEvent` (answer sent) |
| `MediaSessionReady`, `MediaNegotiated`, `MediaStateChanged` (Ready) | the same |
| `MediaFlowEstablished` (OUTBOUND), `MediaStateChanged` (Established) | the same; `AckReceived` whenever the ACK comes |
| `FirstAudioFrameReceived`, `RemoteMediaConfirmed`, `MediaFlowEstablished` (BIDIRECTIONAL), `AudioChannelsReady`, \
`MediaStateChanged` (Active) | the same |

"""


def page() -> str:
    """The whole page."""
    told = [node for node in _classes(events) if _is_event(node.name)]
    values = _classes(states)
    parts = [HEAD, PAIRS, "## All events\n\n| event | when | fields |\n|---|---|---|\n"]
    parts += [f"| `{node.name}` | {_doc(node)} | {_fields(node)} |\n" for node in told]
    parts.append("\n## The values of their fields\n\n")
    parts += [f"- `{node.name}`: {_doc(node)} {_values(node)}\n" for node in values]
    return "".join(parts)


def _classes(module: ModuleType) -> list[ast.ClassDef]:
    return [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef)]


def _is_event(name: str) -> bool:
    found = getattr(events, name)
    return issubclass(found, events.SessionEvent) and found is not events.SessionEvent


def _doc(node: ast.ClassDef) -> str:
    return " ".join((ast.get_docstring(node) or "").split())


def _fields(node: ast.ClassDef) -> str:
    names = [f"`{item.target.id}`" for item in node.body if isinstance(item, ast.AnnAssign)]
    return ", ".join(names)


def _values(node: ast.ClassDef) -> str:
    return ", ".join(f"`{item.targets[0].id}`" for item in node.body if isinstance(item, ast.Assign)) + "."


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
