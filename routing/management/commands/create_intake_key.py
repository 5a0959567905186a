"""`manage.py create_intake_key PROJECT`: a key with which a monitoring system posts its signals."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from portal import clock
from portal.models import Project
from routing.intake.formats import FORMATS
from routing.intake.services import create_intake_key


class Command(BaseCommand):
    help = "Makes an intake key for a project and prints its token, once, and the address to post to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's key, such as webshop")
        parser.add_argument("--name", default="monitoring", help="how the timeline names the sender")

    def handle(self, *args: Any, project: str, name: str, **options: Any) -> None:
        _, token = create_intake_key(project=_project(project), name=name, by=None, now=clock.now())
        self.stdout.write(token)
        self.stdout.write(settings.PUBLIC_URL + reverse("intake", args=[token, "alertmanager"]))
        self.stderr.write("Keep the token: it is stored hashed and cannot be shown again.")
        self.stderr.write(f"Instead of alertmanager the address may end with: {', '.join(FORMATS)}.")


def _project(key: str) -> Project:
    try:
        return Project.objects.get(key=key)
    except Project.DoesNotExist:
        known = ", ".join(Project.objects.values_list("key", flat=True)) or "none yet"
        raise CommandError(f"There is no project “{key}”. Projects: {known}.") from None
