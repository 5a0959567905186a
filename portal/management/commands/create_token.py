"""`manage.py create_token EMAIL`: a token with which a person uses the API."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from knox.models import AuthToken

from portal.models import Person


class Command(BaseCommand):
    help = "Makes an API token for a person and prints it, once; it does not expire."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address the person logs in with")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = Person.objects.filter(email__iexact=email).first()
        if person is None:
            raise CommandError(f"Nobody has the address {email}.")
        if not person.is_active:
            raise CommandError(f"The account of {email} is not active.")
        _, token = AuthToken.objects.create(user=person, expiry=None)
        self.stdout.write(token)
        self.stderr.write("Send it as “Authorization: Bearer …”. It is stored hashed and cannot be shown again.")
