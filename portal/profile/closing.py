"""Closing an account and opening it again: sessions and tokens end with it."""

from allauth.usersessions.models import UserSession
from knox.models import AuthToken

from portal.models import ContactChange, Person

LEFT_OR_RETURNED = (ContactChange.Kind.LEFT, ContactChange.Kind.ACCEPTED, ContactChange.Kind.CAME_BACK)


def close_account(person: Person) -> bool:
    """Whether it was open: from now on every session, token and password of the person is refused."""
    closed = Person.objects.filter(pk=person.pk, is_active=True).update(is_active=False)
    _end_everything(person)
    return bool(closed)


def _end_everything(person: Person) -> None:
    AuthToken.objects.filter(user=person).delete()
    end_sessions(person)


def end_sessions(person: Person, *, except_key: str | None = None) -> None:
    """Sign the person out everywhere; `except_key` is the session that may go on."""
    for session in UserSession.objects.filter(user=person).exclude(session_key=except_key):
        session.end()


def reopen_account(person: Person) -> None:
    """Open an account that was closed because its last contact left; what an administrator closed stays closed.

    To be called before the return itself is written down: a return after the leaving has opened it already, and
    whoever closed it since did so on purpose.
    """
    changes = ContactChange.objects.filter(contact__person=person, kind__in=LEFT_OR_RETURNED)
    last = changes.order_by("-pk").first()
    if last is not None and last.account_closed:
        # What was begun while the account was being closed is not to come to life with it.
        _end_everything(person)
        Person.objects.filter(pk=person.pk).update(is_active=True)
