"""Finding one caller among ten thousand."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.models import Contact, Customer, Person, Project
from routing.calls.finding import find
from tests.people import World

CONTACTS = 10_000
SLOWEST = 2.0
"""Seconds; a search takes a tenth of one on an idle machine, and a busy one is no failure."""
FIRST = ("Anna", "Jörg", "Uwe", "Birgit", "Søren", "Ole", "Käthe", "Max", "Lena", "Thomas")
LAST = ("Müller", "Schmidt", "Weiß", "Hansen", "Öztürk", "Meyer", "Groß", "Kowalski", "Bauer", "Jansen")


@pytest.fixture
def many(world: World) -> World:
    """Ten thousand contacts of five hundred customers with two projects each."""
    customers = Customer.objects.bulk_create(
        Customer(key=f"customer-{n}", name=f"{LAST[n % 10]} {n} GmbH", city="Köln") for n in range(500)
    )
    Project.objects.bulk_create(
        Project(customer=customer, key=f"{customer.key}-{what}", name=what.title())
        for customer in customers
        for what in ("shop", "mail")
    )
    people = Person.objects.bulk_create(
        Person(email=f"p{n}@customer.example", name=f"{FIRST[n % 10]} {LAST[n // 10 % 10]}-{n:05}", language="de")
        for n in range(CONTACTS)
    )
    Contact.objects.bulk_create(
        Contact(customer=customers[n % 500], person=person, phones=[f"+494066{n:06}"])
        for n, person in enumerate(people)
    )
    with connection.cursor() as cursor:
        for model in (Customer, Project, Person, Contact):
            cursor.execute(f"ANALYZE {model._meta.db_table}")
    return world


def test_one_of_them_is_found_by_the_indexes(many: World) -> None:
    for typed, first in (
        ("0049 40 66001234", "Søren Hansen-01234"),
        ("weiß 00023", "Birgit Weiß-00023"),
        ("käthe", "Käthe"),
    ):
        with CaptureQueriesContext(connection) as captured:
            began = time.perf_counter()
            found = find(typed, many.desk)
            took = time.perf_counter() - began
        assert found[0].name.startswith(first), typed
        assert took < SLOWEST, typed
        assert len(captured) <= 10
        assert "_words" in plans(captured) or "_numbers" in plans(captured)
    assert len([each for each in find("ma", many.desk) if each.kind == "contact"]) <= 3 * 8


def plans(captured: CaptureQueriesContext) -> str:
    """How the database found it."""
    lines = []
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            lines += [line for (line,) in cursor.fetchall() if "Index Scan" in line]
    return "\n".join(lines)
