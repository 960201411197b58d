"""RFC sections as links to their text."""

from __future__ import annotations

import re

SITE = "https://www.rfc-editor.org/rfc/rfc"

# "RFC 3261 §13, §15" names two sections of one RFC, "RFC 3550 A.1" a section of its appendix.
SECTION = r"§(?P<{0}>[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{0,5}})|(?P<{0}_appendix>[A-Z]\.[0-9]{{1,2}})(?!\w)"
NAMED = re.compile(rf"RFC (?P<rfc>[0-9]{{1,5}})(?: (?:{SECTION.format('first')}))?|{SECTION.format('further')}")


def linked(text: str) -> str:
    """A text of Markdown in which every RFC, with its section, and every further section is a link."""
    rfc = ""
    parts: list[str] = []
    end = 0
    for found in NAMED.finditer(text):
        rfc = found["rfc"] or rfc
        section = found["first"] or found["further"]
        appendix = found["first_appendix"] or found["further_appendix"]
        place = f"#section-{section}" if section else f"#appendix-{appendix}" if appendix else ""
        parts += [text[end : found.start()], f"[{found[0]}]({SITE}{rfc}{place})" if rfc else found[0]]
        end = found.end()
    return "".join([*parts, text[end:]])
