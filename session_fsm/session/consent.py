"""What the rows of `consent.toml` look at and do: whether the caller has shown that it is there, and what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.session.orders import PausePath, SendOn
from session_fsm.session.registry import Registry

if TYPE_CHECKING:
    from session_fsm.session.session import Session


def is_known(at: Session) -> bool:
    """Whether the peer has shown by signalling that it is there: an ACK with our tag, a digest; or we called it."""
    return at.id not in at.endpoint.waiting or at.proven_user is not None


def _known(at: Session, _: object) -> bool:
    return is_known(at)


def _answered(at: Session, _: object) -> bool:
    return bool(at.answers)


def _withhold(at: Session, _: object) -> None:
    at.endpoint.orders.append(PausePath(session_id=at.id))


def _send_on(at: Session, _: object) -> None:
    at.endpoint.orders.append(SendOn(session_id=at.id))


REGISTRY: Registry = Registry(
    guards={"known": _known, "answered": _answered},
    effects={"withhold": _withhold, "send_on": _send_on},
)
