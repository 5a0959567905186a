"""Clients of the API."""

from collections.abc import Callable

import pytest
from knox.models import AuthToken
from rest_framework.test import APIClient

from portal.models import Person

Login = Callable[[Person], APIClient]


@pytest.fixture
def api() -> Login:
    """A client with a token of the person's."""

    def login(person: Person) -> APIClient:
        _row, token = AuthToken.objects.create(user=person)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return login
