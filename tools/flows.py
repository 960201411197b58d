"""Writes docs/flows.md: one real call over UDP, drawn from both sides' traces.

Run it with `python -m tools.flows`. The times on the page are those of the run that wrote it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy

from session_fsm import Call, Chart, UserAgent
from session_fsm.machine import TraceRow
from session_fsm.render import ladder_mermaid
from session_fsm.session.building import shipped_charts

PAGE = Path(__file__).parent.parent / "docs" / "flows.md"

HEAD = """# A call as both sides saw it

Written by `python -m tools.flows` from the traces of one real call over UDP on one machine. Times are in milliseconds
since the first message.

"""

INSIDE = """
## Inside the {role}

What each machine heard and from whom, what it sent to the peer and what it told the application, up to the first audio.

"""

MEDIA_IS_UP = "AudioChannelsReady"
SHOWN = ("call", "dialog", "offer_answer", "media")
TRANSACTIONS = ("invite_client", "invite_server", "non_invite_client", "non_invite_server", "answer")


async def real_call() -> tuple[list[TraceRow], list[TraceRow]]:
    """The traces of the caller and of the callee of one plain call."""
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice,
    ):
        answering = asyncio.create_task(_answer(bob))
        async with alice.make_call(bob.contact) as call:
            tx, rx = await call.audio_channels_when_ready()
            callee = await answering
            await callee.wait_for_media()
            for _ in range(10):
                await tx.send(numpy.zeros(160, numpy.int16))
                await anext(rx)
        async for _ in callee.events():
            pass
        async for _ in call.events():
            pass
        return call.trace, callee.trace


async def _answer(bob: UserAgent) -> Call:
    incoming = await anext(bob.incoming_calls())
    await incoming.ring()
    return await incoming.accept()


def inside(rows: Sequence[TraceRow], charts: dict[str, Chart]) -> str:
    """One side as a sequence diagram: its machines between the peer and the application."""
    lines = ["sequenceDiagram", "    participant peer"]
    lines += [f"    participant {name}" for name in ("transaction", "dialog", "call", "offer_answer", "media")]
    lines.append("    participant application")
    by_number = {row.n: row for row in rows}
    for row in rows:
        lines += [f"    {line}" for line in _arrows(row, by_number, charts)]
        if ("emit", MEDIA_IS_UP) in row.effects:
            break
    return "\n".join(lines) + "\n"


def _arrows(row: TraceRow, by_number: dict[int, TraceRow], charts: dict[str, Chart]) -> Iterator[str]:
    me = _name(row)
    if row.chart not in (*SHOWN, *TRANSACTIONS) or row.verdict != "row":
        return
    if row.event == "[start]" and not row.effects:
        return
    if row.event != "[start]" and not row.event.startswith("send_"):
        yield f"{_origin(row, by_number, charts)}->>{me}: {row.event}"
    for kind, name in row.effects:
        if kind == "send":
            # All but the ACK to a 2xx passes through a transaction (RFC 3261 §13.2.2.4).
            through = me == "transaction" or name == "ACK"
            yield f"{me}->>{'peer' if through else 'transaction'}: {name}"
        elif kind == "emit" and re.match("[A-Z]", name):
            yield f"{me}-->>application: {name.replace(':', ' ')}"
    if row.from_state != row.to_state and row.from_state != "[*]" and me in ("call", "dialog", "media"):
        yield f"Note over {me}: {row.to_state}"


def _name(row: TraceRow) -> str:
    return row.chart if row.chart in SHOWN else "transaction"


def _origin(row: TraceRow, by_number: dict[int, TraceRow], charts: dict[str, Chart]) -> str:
    cause = by_number.get(row.cause) if row.cause is not None else None
    if cause is not None:
        return _name(cause)
    kind = charts[row.chart].events[row.event].kind
    return {"command": "application", "message": "peer", "timer": _name(row)}.get(kind, "media")


def main() -> None:
    """Write the page."""
    caller, callee = asyncio.run(real_call())
    charts = dict(shipped_charts())
    parts = [HEAD, "```mermaid\n", ladder_mermaid(caller, callee).strip(), "\n```\n"]
    for role, rows in (("caller", caller), ("callee", callee)):
        parts += [INSIDE.format(role=role), "```mermaid\n", inside(rows, charts), "```\n"]
    PAGE.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
