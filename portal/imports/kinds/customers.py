"""Customers, by their key."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.imports import cells
from portal.imports.plan import Column, Fate, Outcome, Row
from portal.models import Customer

from .base import Act, Kind, of_outcome, wanted_of


class Customers(Kind):
    slug = "customers"
    label = gettext_lazy("Customers")
    hint = gettext_lazy("Known by their key.")
    identity = ("key",)
    columns = (
        Column("key", "key", "Schlüssel", cells.key, "alster", required=True),
        Column("name", "name", "Name", cells.text(160), "Alster Kontor GmbH"),
        Column("city", "city", "Ort", cells.text(80), "Hamburg"),
    )

    def load(self, rows: Sequence[Row]) -> None:
        found = self.held(Customer.objects.filter(key__in=wanted_of(rows, "key")))
        self.known = {customer.key: customer for customer in found}

    def judge(self, row: Row) -> Fate:
        target = self.known.get(row.values["key"])
        if target is None and not row.get("name"):
            return self.refused(row, _("It is new, so it needs a name."))
        return self.compared(row, target, self.given(row, "name", "city"))

    def write(self, fates: Sequence[Fate], act: Act) -> None:
        created = [Customer(key=fate.row.values["key"], **fate.wanted) for fate in of_outcome(fates, Outcome.CREATE)]
        Customer.objects.bulk_create(created)
        changed = of_outcome(fates, Outcome.CHANGE)
        for fate in changed:
            for name, value in fate.wanted.items():
                setattr(fate.target, name, value)
        Customer.objects.bulk_update([fate.target for fate in changed], ["name", "city"], batch_size=500)
