"""What a chart can be drawn as."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """The values of `draw --format`."""

    MERMAID = "mermaid"
    DOT = "dot"
    TABLE = "table"
