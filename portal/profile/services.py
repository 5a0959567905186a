"""API tokens of a person: made, shown once, revoked."""

from knox.models import AuthToken

from portal.models import Person

MOST_TOKENS = 10


class TooManyTokens(Exception):
    """The person has as many tokens as one may have."""


def make_token(person: Person) -> str:
    """A token for the API, stored hashed: nobody can read it again. Raises `TooManyTokens`."""
    if AuthToken.objects.filter(user=person).count() >= MOST_TOKENS:
        raise TooManyTokens
    _row, token = AuthToken.objects.create(user=person, expiry=None)
    return str(token)


def revoke_token(person: Person, key: str) -> bool:
    """Whether the person had a token that begins with `key`."""
    deleted, _by_model = AuthToken.objects.filter(user=person, token_key=key).delete()
    return bool(deleted)
