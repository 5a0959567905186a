"""The administration shows every kind of row, in both languages."""

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import translation

from portal.models import Installation
from tests.people import World

OURS = [m for m in admin.site._registry if m._meta.app_label in ("portal", "matrix", "oncall", "routing")]
SAME_IN_BOTH = {"code", "installation", "name", "person", "pin", "position", "status", "team", "teams", "version"}


def test_every_list_and_row_is_shown(world: World) -> None:
    client = Client()
    client.force_login(world.admin)
    for model in OURS:
        kind = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"{kind}_changelist")).status_code == 200, kind
        row = model._default_manager.first()
        if row is not None:
            assert client.get(reverse(f"{kind}_change", args=[row.pk])).status_code == 200, kind


def test_rows_below_a_row_are_shown_to_administrators_by_group(world: World) -> None:
    client = Client()
    client.force_login(world.admin)
    version = world.versions["webshop"]
    shown = client.get(reverse("admin:matrix_matrixversion_change", args=[version.pk])).content.decode()
    assert "Meaning of blocker" in shown
    assert 'name="terms-0-priority"' not in shown


def test_there_is_one_installation_only(world: World) -> None:
    client = Client()
    client.force_login(world.admin)
    address = reverse("admin:portal_installation_add")
    assert client.get(address).status_code == 403
    assert client.post(address, {"name": "Another", "zone": "Europe/Berlin"}).status_code == 403
    Installation.objects.all().delete()
    assert client.get(address).status_code == 200


def names(model: type[Model], language: str) -> list[str]:
    with translation.override(language):
        fields = [str(field.verbose_name) for field in model._meta.concrete_fields if not field.primary_key]
        return [str(model._meta.verbose_name), str(model._meta.verbose_name_plural), *fields]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_models_and_fields_have_german_names(model: type[Model]) -> None:
    pairs = zip(names(model, "en"), names(model, "de"), strict=True)
    alike = {english.casefold() for english, german in pairs if english == german}
    assert alike <= SAME_IN_BOTH
