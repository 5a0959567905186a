"""The people a visitor of the demo can be. Their addresses are fixed, so that examples can name them."""

from dataclasses import dataclass

# Marked for translation only: whoever greets on a terminal reads these without any settings.
from django.utils.translation.trans_real import gettext_noop as _

from .provider import provider

ROLES = {
    "kunde@alsterkontor.example": _("customer with the projects webshop and erp"),
    "kunde@seeburg.example": _("customer with the project kundenportal"),
    "kunde@medialab.example": _("customer with the projects streaming and cms"),
    "desk@nordhafen.example": _("Service Desk: logs, assigns and works incidents"),
    "sdm@nordhafen.example": _("Service Delivery Manager of webshop and erp"),
    "brm@nordhafen.example": _("Business Relationship Manager"),
    "oncall@nordhafen.example": _("on-call engineer of the platform team"),
    "admin@nordhafen.example": _("administrator: matrices, rosters, people"),
}


@dataclass(frozen=True)
class Persona:
    """`role` says in English who this is; pages translate it."""

    email: str
    name: str
    role: str
    is_customer: bool


def personas() -> list[Persona]:
    """In the order of ROLES; KeyError if the provider's file lacks one of them."""
    staff = provider()["people"]
    contacts = {email: c for customer in provider()["customers"].values() for email, c in customer["contacts"].items()}
    people = {**staff, **contacts}
    return [Persona(email, people[email]["name"], role, email in contacts) for email, role in ROLES.items()]
