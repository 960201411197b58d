"""Carries what a chart emits: snake_case to the machines that declared it, CamelCase to the application.

Every context of a machine that emits has `endpoint`, `session` and `purpose`; the session knows its machines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from session_fsm.session.routing import is_application_event

if TYPE_CHECKING:
    from session_fsm.session.endpoint import Endpoint
    from session_fsm.session.session import Session


class Emitter(Protocol):
    """The context of a machine that emits."""

    @property
    def endpoint(self) -> Endpoint:
        """The user agent it belongs to."""

    @property
    def session(self) -> Session | None:
        """The session it belongs to, if any."""

    @property
    def purpose(self) -> str:
        """For a transaction or an answer: what it is about, such as INVITE, re-INVITE or BYE. Else empty."""


def emitter(chart: str) -> Callable[[Emitter, str, object], None]:
    """The function that carries this chart's emissions."""

    def emit(source: Emitter, name: str, payload: object) -> None:
        session = source.session
        if session is None:
            return
        if is_application_event(name):
            session.publish(chart, name, payload, source)
            return
        post = source.endpoint.mailbox.post
        for target, event, of in source.endpoint.routes.get((chart, name), ()):
            if of and of != source.purpose:
                continue
            for machine in session.hearers(target, source, payload):
                post(machine, event, payload)

    return emit
