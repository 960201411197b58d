"""Draws charts and recorded runs. Only looks: nothing below imports it, and it changes nothing.

`mermaid`, `dot`, `table`, `page` and `media_ladder` take a chart; `ladder_mermaid` and `ladder_text` take the traces of
one side or of both.
"""

from session_fsm.render.dot import dot
from session_fsm.render.mermaid import media_ladder, mermaid
from session_fsm.render.table import table

__all__ = ["dot", "media_ladder", "mermaid", "table"]
