"""What the rows of `microphone.toml` do: tell the media plane whether our audio leaves, or silence in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.session.orders import SendSilence
from session_fsm.session.registry import Registry

if TYPE_CHECKING:
    from session_fsm.session.session import Session


def _send_silence(at: Session, _: object) -> None:
    at.endpoint.orders.append(SendSilence(session_id=at.id, muted=True))


def _send_audio(at: Session, _: object) -> None:
    at.endpoint.orders.append(SendSilence(session_id=at.id, muted=False))


REGISTRY: Registry = Registry(effects={"send_silence": _send_silence, "send_audio": _send_audio})
