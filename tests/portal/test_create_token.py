"""`manage.py create_token EMAIL`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.test import APIRequestFactory

from portal.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    return Person.objects.create_user("anna@nordhafen.example", "secret", name="Anna", language="de")


def create_token(email: str) -> str:
    out = StringIO()
    call_command("create_token", email, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_the_token_authenticates_and_never_expires(person: Person) -> None:
    token = create_token("Anna@Nordhafen.example")
    request = APIRequestFactory().get("/", headers={"Authorization": f"Bearer {token}"})
    user, auth = TokenAuthentication().authenticate(request)
    assert user == person
    assert auth.expiry is None


def test_the_token_is_stored_hashed(person: Person) -> None:
    token = create_token(person.email)
    stored = AuthToken.objects.get(user=person)
    assert token not in (stored.digest, stored.token_key)
    assert token not in str(AuthToken.objects.values())


def test_every_call_makes_another_token(person: Person) -> None:
    assert create_token(person.email) != create_token(person.email)
    assert AuthToken.objects.filter(user=person).count() == 2


def test_an_unknown_address_is_an_error() -> None:
    with pytest.raises(CommandError, match=r"nobody@nordhafen\.example"):
        create_token("nobody@nordhafen.example")


def test_an_inactive_account_gets_no_token(person: Person) -> None:
    person.is_active = False
    person.save()
    with pytest.raises(CommandError, match="not active"):
        create_token(person.email)
    assert not AuthToken.objects.exists()
