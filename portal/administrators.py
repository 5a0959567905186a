"""Who can administrate; the last who can stays able to.

The database refuses it by itself, whoever tries (see the migration `last_administrator`); here it is asked first, for
a sentence instead of an error.
"""

from django.contrib.auth.models import Group
from django.db.models import Q

from .models import ADMINISTRATORS, Person


class LastAdministrator(Exception):
    """Nobody could administrate any more; nothing was changed."""


def lock_administrators() -> None:
    """Until the transaction ends nobody else takes the right to administrate from anybody."""
    list(Group.objects.filter(name=ADMINISTRATORS).select_for_update(no_key=True).values_list("pk"))


def administrates(*, is_active: bool, is_staff: bool, is_superuser: bool, groups: set[str]) -> bool:
    """As `portal.access.is_administrator`, of somebody as they are to be."""
    return is_active and is_staff and (is_superuser or ADMINISTRATORS in groups)


def require_another(person: Person) -> None:
    """Raises `LastAdministrator` where nobody but `person` can administrate."""
    able = Person.objects.filter(Q(is_superuser=True) | Q(groups__name=ADMINISTRATORS), is_active=True, is_staff=True)
    if not able.exclude(pk=person.pk).exists():
        raise LastAdministrator
