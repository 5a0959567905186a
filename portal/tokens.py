"""Tokens that stand in addresses: unguessable, shown once, and stored as their SHA-256."""

import hashlib
import secrets

START_LENGTH = 6
"""So many characters are kept readable, to recognise a token by."""


def new_token() -> str:
    """192 bits of chance, fit for an address."""
    return secrets.token_urlsafe(24)


def hash_token(token: str) -> str:
    """What is stored. Whatever stands in an address can be asked about, broken characters included."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
