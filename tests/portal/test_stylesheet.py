"""The stylesheet as text: a brace lost in a merge is no error to a browser, it hides what follows."""

import re
from pathlib import Path

STYLESHEET = Path(__file__).resolve().parents[2] / "static" / "direktdraht.css"


def test_every_section_begins_outside_of_any_rule() -> None:
    depth = 0
    inside: list[str] = []
    for token in re.findall(r"/\*.*?\*/|[{}]", STYLESHEET.read_text(), flags=re.DOTALL):
        if token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
            assert depth >= 0, "a brace too many"
        elif token.startswith("/* ---") and depth:
            inside.append(token)
    assert (inside, depth) == ([], 0)
