"""What a chart and a ladder can be drawn as."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from session_fsm.command.exits import CommandError
from session_fsm.render.theme import Theme

__all__ = ["Format", "LadderFormat", "Theme", "chosen_format", "chosen_ladder_format"]


Kind = TypeVar("Kind", bound=StrEnum)


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
    ".mmd": Format.MERMAID,
    ".puml": Format.PLANTUML,
    ".dot": Format.DOT,
    ".scxml": Format.SCXML,
    ".json": Format.XSTATE,
    ".txt": Format.TABLE,
}
LADDER_SUFFIXES = {
    ".svg": LadderFormat.SVG,
    ".png": LadderFormat.PNG,
    ".mmd": LadderFormat.MERMAID,
    ".txt": LadderFormat.TEXT,
}


def chosen_format(name: str, form: Format | None, output: Path | None, trace: Path | None) -> Format:
    """The format that was asked for, else the one that the file's name ends with, else the one that fits."""
    usual = Format.SVG if trace is not None or name in ("both", "pair:uac", "pair:uas") else Format.MERMAID
    return form or _by_name(output, SUFFIXES) or usual


def chosen_ladder_format(form: LadderFormat | None, output: Path | None) -> LadderFormat:
    """The same for a ladder."""
    return form or _by_name(output, LADDER_SUFFIXES) or LadderFormat.TEXT


def _by_name(output: Path | None, suffixes: Mapping[str, Kind]) -> Kind | None:
    """What a file's name ends with; None where it has no ending. Complains about an ending that nothing is drawn as."""
    if output is None or not output.suffix or not output.name.strip("."):
        return None
    found = suffixes.get(output.suffix.lower())
    if found is None:
        raise CommandError(f"-o: nothing is drawn as {output.suffix}; possible: {', '.join(suffixes)}, or --format")
    return found
