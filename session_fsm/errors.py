"""Every exception of the package, each named for whose fault it is and carrying the facts as fields.

A peer's bad input never raises out of the engine: it becomes a verdict, an event and a count. What is raised here
was caused by a chart, by a command that is not possible now, by a call that failed, or by a wait that ran out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def printable(text: str) -> str:
    """A peer's words for a log or a terminal: one line, with escapes for what would steer it or cannot be encoded."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


class SessionFsmError(Exception):
    """Base of every error that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class ChartFault:
    """One thing that is wrong with a chart: where it stands, which rule it breaks, and what to do about it."""

    file: str
    "The chart's file, or its id when it was not read from a file."
    rule: str
    "The rule's short name, such as `unknown-name` or `dead-row`."
    message: str
    "One sentence: what was found, and what is possible instead."
    state: str | None = None
    "The state in which it was found, or None when it concerns the whole chart."
    row: str | None = None
    "The row's id, or None when it concerns the whole state."

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.state, self.row) if part)
        return f"{place}: {self.message} [{self.rule}]"


class ChartError(SessionFsmError):
    """A chart does not hold; `faults` carries every complaint at once."""

    def __init__(self, faults: Sequence[ChartFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Malformed(SessionFsmError, ValueError):
    """Text or bytes that break a grammar. `rule` names the production or section, `excerpt` shows the place."""

    def __init__(self, rule: str, excerpt: str | bytes = "") -> None:
        self.rule = rule
        self.excerpt = excerpt[:80]
        super().__init__(f"{rule}: {self.excerpt!r}" if excerpt else rule)


class LocalProtocolError(SessionFsmError):
    """A command that is not possible in the present state. The session is unchanged and goes on."""

    def __init__(self, command: str, state: str, allowed: Sequence[str] = (), *, machine: str = "call") -> None:
        self.command = command
        self.state = state
        self.allowed = tuple(allowed)
        self.machine = machine
        possible = ", ".join(self.allowed) or "nothing"
        super().__init__(f"cannot {command}: {machine} is {state}; possible now: {possible}")


class CallFailedError(SessionFsmError):
    """A call ended without being answered, or broke. `status` is the SIP status, None when no response came.

    `reason` may be the peer's, as it came; the message is fit for a log.
    """

    def __init__(self, status: int | None, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(printable(f"{status} {reason}" if status else reason))


class RefusedError(SessionFsmError):
    """The peer refused what was asked of it within a call. Nothing has changed, and the call goes on."""

    def __init__(self, asked: str, status: int | None, reason: str) -> None:
        self.asked = asked
        self.status = status
        self.reason = reason
        super().__init__(printable(f"the peer refused to {asked}: {reason}; the call goes on as it was"))


class RegistrationFailedError(SessionFsmError):
    """A registrar did not keep our Contact. Calls go on, and so do further tries where `retry_in` says when."""

    def __init__(self, registrar: str, status: int | None, reason: str, retry_in: float | None) -> None:
        self.registrar = registrar
        self.status = status
        self.reason = reason
        self.retry_in = retry_in
        later = "" if retry_in is None else f"; the next try is in {retry_in:.0f} s"
        super().__init__(printable(f"{registrar} did not register us: {status or ''} {reason}{later}"))


class TransportError(SessionFsmError, OSError):
    """A socket could not be opened or used: a port in use, an address that is not ours, an exhausted range."""


class AudioFormatError(SessionFsmError, ValueError):
    """An audio file is not of the kind that a call speaks. The message names what was found and what is accepted."""


class WaitTimeout(SessionFsmError, TimeoutError):
    """A wait ran out. The message names both states, the last events and the transition that has not happened."""
