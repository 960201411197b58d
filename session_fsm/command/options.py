"""Options that several commands have, as typer reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SOURCE = "tone:HZ, silence, echo, or a WAV file"
Play = Annotated[str, typer.Option("--play", metavar="SRC", help=f"What is played: {SOURCE}.")]
Record = Annotated[Path | None, typer.Option("--record", metavar="FILE.wav", help="Write what was heard.")]
RecordMode = Annotated[
    str, typer.Option("--record-mode", metavar="MODE", help="heard, mixed, or stereo: a channel a side.")
]
HoldAt = Annotated[str | None, typer.Option("--hold", metavar="AT:FOR", help="Hold AT seconds after the answer.")]
Dtmf = Annotated[str | None, typer.Option(metavar="DIGITS", help="Send these digits once audio flows, such as 12#.")]
Trace = Annotated[Path | None, typer.Option("--trace", metavar="FILE.jsonl", help="Write one row for each step.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, and nothing else.")]
Advertise = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="What the peer is told instead of our address, behind a NAT.")
]
Charts = Annotated[
    Path | None, typer.Option("--charts", metavar="DIR", help="Charts found there replace ours by name.")
]
Bind = Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Where SIP is received; else any port.")]
BindHere = Annotated[str, typer.Option(metavar="HOST:PORT", help="Where SIP is received; port 0: any.")]
Calls = Annotated[int | None, typer.Option(metavar="N", help="End after so many calls have ended.")]
Ring = Annotated[float, typer.Option(metavar="SECONDS", help="Ring before the answer.")]
Status = Annotated[int | None, typer.Option(metavar="CODE", help="Refuse with this status.")]
Drain = Annotated[
    float, typer.Option(metavar="SECONDS", help="After SIGTERM: let calls end by themselves for so long.")
]
