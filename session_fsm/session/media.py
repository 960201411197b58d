"""What the rows of `media.toml` look at and do: orders to the media plane, and evidence remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.frozen import maker_of
from session_fsm.sdp import MediaDirection
from session_fsm.session.consent import is_known
from session_fsm.session.orders import ClosePath, EdgeFacts, OpenPath, PausePath
from session_fsm.session.registry import Registry
from session_fsm.session.source import name_path

if TYPE_CHECKING:
    from session_fsm.session.session import Session

_open_order, _close_order = maker_of(OpenPath), maker_of(ClosePath)


def _inactive(at: Session, _: object) -> bool:
    return at.negotiation.direction is MediaDirection.INACTIVE


def _expects_rtp(at: Session, _: object) -> bool:
    return at.negotiation.direction.receives


def _only_sends(at: Session, _: object) -> bool:
    return at.negotiation.direction is MediaDirection.SENDONLY


def _sends(at: Session, _: object) -> bool:
    return at.negotiation.direction.sends


def _path_changed(at: Session, _: object) -> bool:
    return at.negotiation.agreement != at.open_path


def _open_path(at: Session, _: object) -> None:
    agreement = at.open_path = at.negotiation.agreement
    assert agreement is not None  # Ready and every renegotiation follow an agreement
    at.rtp_flowing = at.rtcp_received = False
    learn = name_path(at, agreement.remote)
    at.endpoint.orders.append(_open_order(at.id, agreement, learn, is_known(at), at.negotiation.silent))


def _pause_path(at: Session, _: object) -> None:
    at.open_path = at.negotiation.agreement
    at.endpoint.orders.append(PausePath(session_id=at.id, held=True))


def _close_path(at: Session, _: object) -> None:
    at.endpoint.orders.append(_close_order(at.id))


def _note_frame(at: Session, facts: EdgeFacts) -> None:
    at.rtp_flowing = True
    at.heard_at = facts.source


def _note_rtcp(at: Session, facts: EdgeFacts) -> None:
    at.rtcp_received = True


REGISTRY: Registry = Registry(
    guards={
        "inactive": _inactive,
        "expects_rtp": _expects_rtp,
        "only_sends": _only_sends,
        "sends": _sends,
        "path_changed": _path_changed,
    },
    effects={
        "open_path": _open_path,
        "pause_path": _pause_path,
        "close_path": _close_path,
        "note_frame": _note_frame,
        "note_rtcp": _note_rtcp,
    },
)
