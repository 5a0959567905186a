"""The administration shows every kind of row, in both languages."""

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import translation

from portal.models import Installation, Maintenance
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


def test_maintenance_is_announced_changed_and_cancelled_by_the_services(world: World) -> None:
    client = Client()
    client.force_login(world.admin)
    form = {
        "projects": [world.webshop.pk],
        "period_0": "2099-12-01 22:00",
        "period_1": "2099-12-02 02:00",
        "text_de": "Der Shop steht still.",
        "text_en": "The shop stands still.",
        "recorded_why": "new database",
    }
    assert client.post(reverse("admin:portal_maintenance_add"), form).status_code == 302
    first = Maintenance.objects.get()
    assert (first.announced_by, first.recorded_why, first.sequence) == (world.admin, "new database", 0)
    address = reverse("admin:portal_maintenance_change", args=[first.pk])
    assert client.post(address, {**form, "text_en": "For an hour."}).status_code == 302
    second = Maintenance.objects.current().get()
    assert (second.text_en, second.sequence, list(second.projects.all())) == ("For an hour.", 1, [world.webshop])
    assert client.post(address, form).status_code == 403  # the version before is past
    chosen = {"action": "cancel", "_selected_action": [first.pk, second.pk]}
    assert client.post(reverse("admin:portal_maintenance_changelist"), chosen).status_code == 302
    assert Maintenance.objects.current().get().cancelled_at is not None
    assert Maintenance.objects.count() == 3


def test_a_maintenance_that_never_ends_is_refused(world: World) -> None:
    client = Client()
    client.force_login(world.admin)
    form = {"projects": [world.webshop.pk], "period_0": "2099-12-01 22:00", "text_de": "x", "text_en": "x"}
    response = client.post(reverse("admin:portal_maintenance_add"), form)
    assert "A maintenance begins and ends." in response.content.decode()
    assert not Maintenance.objects.exists()
