"""What a table for a spreadsheet must take care of. Pure."""

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def harmless(text: str) -> str:
    """The text, which no spreadsheet takes for a formula: what would begin one gets an apostrophe before it.

    Some look past spaces, so the first sign that is none decides.
    """
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) or text.lstrip().startswith(BEGINS_A_FORMULA) else text


def plain(text: str) -> str:
    """What `harmless` was given: a table that came from here may be read back."""
    return text[1:] if text.startswith("'") and harmless(text[1:]) == text else text
