"""An SVG picture as PNG, by resvg; with the font of the extra `draw`, so that it looks the same everywhere."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

ZOOM = 2.0  # for screens of twice the usual density


class _Resvg(Protocol):
    def svg_to_bytes(self, **options: object) -> bytes: ...


def can_make_png() -> bool:
    """Whether resvg is installed."""
    return find_spec("resvg_py") is not None


def png(svg: str) -> bytes:
    """A picture as the bytes of a PNG file. Raises ModuleNotFoundError where resvg is not installed."""
    resvg = cast(_Resvg, import_module("resvg_py"))
    return bytes(resvg.svg_to_bytes(svg_string=svg, zoom=ZOOM, **_font()))


def _font() -> dict[str, object]:
    found = find_spec("font_roboto")
    if found is None or found.origin is None:
        return {}
    folder = str(Path(found.origin).parent / "files")
    return {"font_dirs": [folder], "font_family": "Roboto", "sans_serif_family": "Roboto"}
