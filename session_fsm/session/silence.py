"""What the rows of `silence.toml` do: ask the media plane what to look for, and the call to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.session.call import DECLINED, FinalRefusal
from session_fsm.session.orders import AwaitEdge, Edge, EdgeFacts
from session_fsm.session.registry import Registry

if TYPE_CHECKING:
    from session_fsm.session.session import Session


def _await_flow(at: Session, _: object) -> None:
    at.endpoint.orders.append(AwaitEdge(session_id=at.id, edge=Edge.FLOW_RESUMED))


def _await_silence(at: Session, _: object) -> None:
    at.endpoint.orders.append(AwaitEdge(session_id=at.id, edge=Edge.STALLED))


def _hang_up(at: Session, facts: EdgeFacts) -> None:
    at.endpoint.mailbox.post(at.call, "hang_up", FinalRefusal(DECLINED, facts.detail))


REGISTRY: Registry = Registry(
    effects={"await_flow": _await_flow, "await_silence": _await_silence, "hang_up": _hang_up},
)
