"""Whatever is edited in place says who changed what: by a page, a service, in bulk, or by hand."""

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client
from knox.models import AuthToken
from pytest_django import DjangoAssertNumQueries

from matrix.models import DraftEdit
from oncall.feeds import create_duty_feed
from oncall.models import CalendarFeed, Rota, Swap, SwapRequest
from portal import audit, clock
from portal.models import (
    ADMINISTRATORS,
    Audited,
    AuditEntry,
    Contact,
    ContactChange,
    Customer,
    Invitation,
    Maintenance,
    Person,
    Project,
    Recorded,
    SignInAttempt,
)
from portal.profile.closing import close_account
from portal.tokens import revoke
from routing.intake.keys import create_intake_key, find_key
from routing.paging.models import ContactMethod
from tests.people import PRIVATE, World
from tests.portal.test_sign_in import code_for, second_factor
from tests.routing.pages.helpers import PASSWORD, as_person

SAY_SO_THEMSELVES = {
    AuditEntry,
    Contact,
    ContactChange,
    DraftEdit,
    Invitation,
    Maintenance.projects.through,
    SignInAttempt,
    Swap,
    SwapRequest,
}
"""Logs of their own, what such a log tells of already, and guesses that are forgotten within the hour."""
WRITTEN_ONCE = {"matrixversion", "priorityterms", "reporting", "cell", "step", "rotationmember"}
"""Content of what is recorded or published, and never changed."""


def last() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


def test_no_model_of_the_lower_floors_is_forgotten() -> None:
    for label in ("portal", "matrix", "oncall"):
        for model in apps.get_app_config(label).get_models():
            known = issubclass(model, Audited | Recorded) or model in SAY_SO_THEMSELVES
            assert known or model._meta.model_name in WRITTEN_ONCE, f"{model} is neither audited nor recorded"
    for model in apps.get_models():
        if issubclass(model, Audited):
            assert model.audit_kind in AuditEntry.Kind.values
            names = {field.name for field in model._meta.get_fields()}
            assert {*model.audit_private, *model.audit_left_out} <= names
            plain = type(model._default_manager.all()).update.__qualname__
            assert plain == "AuditedQuerySet.update", f"{model} can be changed in bulk unseen"


def test_a_save_tells_old_and_new_and_who(world: World) -> None:
    with audit.acting(world.admin, "married"):
        world.oncall.name = "Marek Daily"
        world.oncall.save()
    entry = last()
    assert (entry.by, entry.why, entry.kind, entry.action) == (world.admin, "married", "people", "changed")
    assert (entry.object_type, entry.object_id, entry.name) == ("person", world.oncall.pk, "Marek Daily")
    assert entry.changes == {"name": ["Marek Nightly", "Marek Daily"]}

    before = AuditEntry.objects.count()
    world.oncall.save()  # nothing has changed
    world.oncall.last_login = clock.now()
    world.oncall.save(update_fields=["last_login"])
    assert AuditEntry.objects.count() == before

    world.oncall.name, world.oncall.function = "not saved", "Engineer"
    world.oncall.save(update_fields=["function"])
    assert last().changes == {"function": ["", "Engineer"]}
    assert last().by is None

    world.webshop.customer = world.seeburg
    world.webshop.save()
    assert last().changes == {"customer": ["Alster GmbH", "Stadtwerke Seeburg"]}


def test_bulk_writes_and_services_are_told_too(world: World) -> None:
    assert Project.objects.filter(customer=world.alster).update(name="Shop") == 1
    assert last().changes["name"][1] == "Shop"
    assert last().object_id == world.webshop.pk

    Customer.objects.bulk_create([Customer(key=key, name=key.title()) for key in ("one", "two")])
    assert [entry.name for entry in AuditEntry.objects.order_by("-pk")[:2]] == ["Two", "One"]

    close_account(world.alice)
    assert last().changes == {"is_active": [True, False]}

    Rota.objects.create(slug="spare", name="Spare", zone="Europe/Berlin").delete()
    assert (last().action, last().name, last().kind) == ("deleted", "Spare", "rosters")
    Rota.objects.create(slug="spare", name="Spare", zone="Europe/Berlin")
    Rota.objects.filter(slug="spare").delete()
    assert last().action == "deleted"


def test_secrets_are_not_kept_and_private_numbers_only_hinted_at(world: World) -> None:
    key, token = create_intake_key(project=world.webshop, name="Icinga", by=world.admin, now=clock.now())
    assert (last().kind, last().object_type, last().object_id) == ("keys", "project", world.webshop.pk)
    assert (last().model, last().row) == ("routing.intakekey", key.pk)
    count = AuditEntry.objects.count()
    assert find_key(token, now=clock.now())
    assert AuditEntry.objects.count() == count, "that a key was used is no change of it"
    revoke(key, now=clock.now())
    assert last().changes["revoked_at"][0] is None
    feed, address = create_duty_feed(rota=None, by=world.oncall, now=clock.now())
    assert last().object_id == world.oncall.pk
    revoke(feed, now=clock.now())
    assert CalendarFeed.objects.get(pk=feed.pk).revoked_at
    _row, api_token = AuthToken.objects.create(user=world.oncall, expiry=None)
    AuthToken.objects.filter(user=world.oncall).delete()
    assert (last().kind, last().action, last().model) == ("keys", "deleted", "knox.authtoken")

    world.oncall.mobile = f"{PRIVATE}77"
    world.oncall.set_password("something-new")
    world.oncall.save()
    assert last().changes == {"mobile": ["…50", "…77"]}
    ContactMethod.objects.create(person=world.oncall, channel="sms", address=f"{PRIVATE}78")
    ContactMethod.objects.create(person=world.oncall, channel="email", address="marek@home.example")
    assert last().changes["address"] == [None, "m…"]

    told = repr(list(AuditEntry.objects.values()))
    for secret in (token, address, api_token, PRIVATE, "marek@home", key.token_hash, world.oncall.password):
        assert secret not in told


def test_what_only_tells_of_use_costs_no_more_and_is_not_told(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _key, token = create_intake_key(project=world.webshop, name="Icinga", by=world.admin, now=clock.now())
    told, now = AuditEntry.objects.count(), clock.now()
    with django_assert_num_queries(2):  # the key by its token, and that it was used
        key = find_key(token, now=now)
    assert key is not None
    key.refresh_from_db()
    assert key.last_used_at
    assert AuditEntry.objects.count() == told


def test_groups_of_a_person_from_either_side(world: World) -> None:
    administrators = Group.objects.get(name=ADMINISTRATORS)
    world.desk.groups.add(administrators)
    assert last().changes == {"groups": [["Service Desk"], ["Administrators", "Service Desk"]]}
    administrators.user_set.remove(world.desk)
    assert last().changes == {"groups": [["Administrators", "Service Desk"], ["Service Desk"]]}
    world.desk.groups.clear()
    assert last().changes == {"groups": [["Service Desk"], []]}
    assert (last().object_type, last().object_id) == ("person", world.desk.pk)


def test_a_request_says_who(world: World) -> None:
    world.admin.set_password(PASSWORD)
    world.admin.save()
    client = Client()
    client.post("/accounts/login/", {"login": world.admin.email, "password": "hunter2-in-the-wrong-field"})
    assert (last().action, last().object_id, last().by) == ("sign_in_failed", world.admin.pk, None)
    client.post("/accounts/login/", {"login": "my-pass@word.example", "password": "x"})
    assert (last().action, last().object_id, last().name) == ("sign_in_failed", None, "")
    client.post("/accounts/login/", {"login": world.admin.email, "password": PASSWORD})
    assert (last().action, last().by) == ("signed_in", world.admin)

    given = {"name": "Henrike A.", "language": "en", "zone": "Europe/Berlin"}
    assert client.post("/profile/", given).status_code == 302
    assert (last().by, last().changes) == (world.admin, {"name": ["Henrike Admin", "Henrike A."]})

    form = {"key": "alster", "name": "Alster AG", "city": ""}
    assert client.post(f"/admin/portal/customer/{world.alster.pk}/change/", form).status_code == 302
    assert (last().by, last().changes) == (world.admin, {"name": ["Alster GmbH", "Alster AG"]})

    secret = second_factor(world.admin)
    client.post("/accounts/2fa/reauthenticate/", {"code": "000000"})
    assert (last().action, last().object_id) == ("code_failed", world.admin.pk)
    client.post("/accounts/2fa/reauthenticate/", {"code": code_for(secret)})
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=world.admin, type="totp").exists()
    assert (last().action, last().by) == ("factor_removed", world.admin)

    client.post("/accounts/logout/")
    assert (last().action, last().by) == ("signed_out", world.admin)
    assert audit.by_whom() == (None, "")  # nothing outlives its request


def test_the_entry_stands_or_falls_with_the_change_and_is_never_changed(world: World) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.create(key="alster", name="Twice")
    assert AuditEntry.objects.count() == before
    world.alster.name = "Alster AG"
    world.alster.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.filter(pk=last().pk).update(name="Nothing happened")


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_a_change_without_its_entry_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person.objects.create_user("x@example.com", name="X", language="en")
    monkeypatch.setattr(AuditEntry, "save", lambda *_args, **_kwargs: 1 / 0)
    person.name = "Y"
    with pytest.raises(ZeroDivisionError):
        person.save()
    assert Person.objects.get().name == "X"


def test_as_person_is_told(world: World) -> None:
    as_person(world.desk)
    assert (last().action, last().by) == ("signed_in", world.desk)
