"""What somebody meant who answered a page by a text: `1 17`, `2 17`, a bare `1`, or in words."""

import re
from dataclasses import dataclass

ACKNOWLEDGE = frozenset({"1", "ja", "j", "ok", "okay", "yes", "y", "ack"})
PASS_ON = frozenset({"2", "weiter", "next", "pass"})
EVERYTHING = frozenset({"all", "alle", "alles"})
LONGEST_CODE = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """`codes` empty: the latest page is meant, or with `everything` all that wait for an answer."""

    acknowledges: bool
    codes: tuple[int, ...]
    everything: bool = False


def parse(body: str) -> Reply | None:
    """None where it is no answer at all. Spaces, case and punctuation do not matter."""
    words = re.findall(r"\w+", body.casefold())
    if not words or words[0] not in ACKNOWLEDGE | PASS_ON:
        return None
    codes = words[1:]
    if len(codes) == 1 and codes[0] in EVERYTHING:
        return Reply(words[0] in ACKNOWLEDGE, (), everything=True)
    if not all(code.isdecimal() and len(code) <= LONGEST_CODE for code in codes):
        return None
    return Reply(words[0] in ACKNOWLEDGE, tuple(int(code) for code in codes))
