"""What a chart and a ladder can be drawn as."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from session_fsm.render.theme import Theme

__all__ = ["Format", "LadderFormat", "Theme", "chosen_format"]


class Format(StrEnum):
    """The values of `draw --format`."""

    SVG = "svg"
    PNG = "png"
    MERMAID = "mermaid"
    PLANTUML = "plantuml"
    DOT = "dot"
    SCXML = "scxml"
    XSTATE = "xstate"
    TABLE = "table"


class LadderFormat(StrEnum):
    """The values of `ladder --format`."""

    SVG = "svg"
    PNG = "png"
    MERMAID = "mermaid"
    TEXT = "text"


SUFFIXES = {
    ".svg": Format.SVG,
    ".png": Format.PNG,
    ".puml": Format.PLANTUML,
    ".dot": Format.DOT,
    ".scxml": Format.SCXML,
    ".json": Format.XSTATE,
    ".txt": Format.TABLE,
}


def chosen_format(name: str, form: Format | None, output: Path | None, trace: Path | None) -> Format:
    """The format that was asked for, else what the file's name ends with, else the one that fits."""
    if form is not None:
        return form
    if output is not None and output.suffix.lower() in SUFFIXES:
        return SUFFIXES[output.suffix.lower()]
    return Format.SVG if trace is not None or name in ("both", "pair:uac", "pair:uas") else Format.MERMAID
