"""What the rows of `hold.toml` and `peer_hold.toml` look at and do. Source: RFC 3264 §8.4; RFC 6337 §5.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.sdp import MediaDirection
from session_fsm.session.negotiation import Wish
from session_fsm.session.registry import Registry

if TYPE_CHECKING:
    from session_fsm.session.session import Session


def _listening(at: Session, wish: Wish) -> bool:
    return wish.direction.receives


def _wish_hold(at: Session, wish: Wish) -> None:
    ours = at.negotiation
    now = ours.media_to_answer().direction
    ours.before_hold = now
    _begin(at, wish, MediaDirection.of(sends=now.sends and wish.direction.sends, receives=False))


def _wish_resume(at: Session, wish: Wish) -> None:
    _begin(at, wish, at.negotiation.before_hold)


def _wish_direction(at: Session, wish: Wish) -> None:
    at.negotiation.before_hold = at.negotiation.media_to_answer().direction
    _begin(at, wish, wish.direction)


def _begin(at: Session, wish: Wish, direction: MediaDirection) -> None:
    """It is this wish's turn."""
    at.negotiation.wish = wish._replace(direction=direction)


def _holding(at: Session, _: object) -> bool:
    return not at.negotiation.peer_wish.receives


REGISTRY = Registry(
    guards={"listening": _listening},
    effects={"wish_hold": _wish_hold, "wish_resume": _wish_resume, "wish_direction": _wish_direction},
)

PEER_REGISTRY = Registry(guards={"holding": _holding})
