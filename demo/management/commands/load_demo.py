"""Loads the demo provider."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from demo.loading import Loaded, load
from demo.loading.customers import demo_pin
from demo.loading.people import PASSWORD
from demo.personas import personas
from demo.provider import Provider, provider
from portal import clock
from routing.models import Incident

TOKENS = Path(settings.BASE_DIR) / ".local" / "demo_intake_tokens.json"


class Command(BaseCommand):
    help = "Load the fictional provider Nordhafen Hosting; a second run changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tokens", type=Path, default=TOKENS, help="where the plain intake tokens are kept")

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = load(provider(), now=clock.now(), tokens_file=options["tokens"])
        self.stdout.write(summary(provider(), loaded) if loaded.fresh else "The demo provider is loaded already.")


def summary(content: Provider, loaded: Loaded) -> str:
    """What is there now, and the keys that cannot be read again."""
    contacts = {email: c for customer in content["customers"].values() for email, c in customer["contacts"].items()}
    return "\n".join(
        [
            f"{content['provider']['name']}, on record since {loaded.installed_at:%Y-%m-%d}: {_sizes(content)}.",
            f"Personas (password “{PASSWORD}”):",
            *(f"  {who.email:28} {who.name}, {who.role}" for who in personas()),
            "PINs of the contacts for the phone line:",
            *(f"  {email:32} {demo_pin(email)}" for email in contacts),
            "Intake tokens:",
            *(f"  {project:14} {token}" for project, token in loaded.tokens.items()),
        ]
    )


def _sizes(content: Provider) -> str:
    counted = {
        "people": len(content["people"]),
        "customers": len(content["customers"]),
        "rotas": len(content["rotas"]),
        "incidents": Incident.objects.count(),
    }
    return ", ".join(f"{count} {what}" for what, count in counted.items())
