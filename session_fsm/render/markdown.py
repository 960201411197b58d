"""The few pieces of Markdown that the pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from session_fsm.render.rfc import linked


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table; columns that are empty in every row are left out. No rows, no table."""
    lines = [list(row) for row in rows]
    used = [n for n in range(len(head)) if any(line[n] for line in lines)]
    if not lines:
        return []
    return [
        _line([head[n] for n in used]),
        _line(["---"] * len(used)),
        *(_line([line[n] for n in used]) for line in lines),
        "",
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def words(text: str) -> str:
    """A sentence of a chart as a cell or a paragraph, with its RFC sections as links."""
    return linked(text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " "))


def code(*names: str) -> str:
    """Names as code, with commas."""
    return ", ".join(f"`{name}`" for name in names)


def sentence(text: str) -> str:
    """A text that ends with a full stop."""
    return text if not text or text[-1] in ".!?:" else f"{text}."
