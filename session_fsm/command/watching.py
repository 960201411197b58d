"""Follows a user agent's events: prints each, and a summary as each call ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from session_fsm.call import Call
from session_fsm.call_summary import CallSummary
from session_fsm.command.reporting import Report
from session_fsm.session.events import CallEnded, CallFailed, SessionId
from session_fsm.user_agent import UserAgent


class Watch:
    """All calls of one user agent, from its opening until it is left."""

    def __init__(self, agent: UserAgent, report: Report, *, until: int | None = None) -> None:
        self.agent = agent
        self.report = report
        self.until = until
        "How many calls have to end before `enough` is set; None for any number."
        self.enough = asyncio.Event()
        self.summaries: list[CallSummary] = []
        self._open: dict[SessionId, Call] = {}

    async def follow(self) -> None:
        """Report everything, until the user agent is left."""
        async for event in self.agent.events():
            self._open |= {call.id: call for call in self.agent.calls if call.id == event.session_id}
            self.report.event(event)
            if isinstance(event, CallEnded | CallFailed) and event.session_id in self._open:
                self._ended(self._open.pop(event.session_id).summary())
        # The peer of what is still open did not answer our BYE.
        for call in self._open.values():
            summary = call.summary()
            self._ended(replace(summary, reason=summary.reason or "the other side did not answer when we hung up"))

    def _ended(self, summary: CallSummary) -> None:
        self.report.summary(summary)
        self.summaries.append(summary)
        if self.until is not None and len(self.summaries) >= self.until:
            self.enough.set()
