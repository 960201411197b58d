"""Draws charts and recorded runs. Only looks: nothing below imports it, and it changes nothing.

`mermaid`, `dot`, `table`, `page` and `media_ladder` take a chart; `ladder_mermaid` and `ladder_text` take the traces of
one side or of both.
"""

from session_fsm.render.dot import dot
from session_fsm.render.ladder import Ladder, Rung, ladder
from session_fsm.render.mermaid import media_ladder, mermaid
from session_fsm.render.page import index, page
from session_fsm.render.sequence import ladder_mermaid, ladder_text
from session_fsm.render.table import table

__all__ = [
    "Ladder",
    "Rung",
    "dot",
    "index",
    "ladder",
    "ladder_mermaid",
    "ladder_text",
    "media_ladder",
    "mermaid",
    "page",
    "table",
]
