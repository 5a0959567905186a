"""What is not a row of ours: groups of a person, signing in, the second factor, tokens for the API.

Connected by the app as it gets ready; each receiver writes one line.
"""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_delete, post_save
from knox.models import AuthToken

from portal.models import Person

from .noting import Action, Kind, note

READABLE = 6
"""So much of a token's beginning is kept, to recognise it by."""


def connect() -> None:
    """Once, when all apps are loaded."""
    m2m_changed.connect(_groups_changed, sender=Person.groups.through, dispatch_uid="audit")
    user_logged_in.connect(_signed_in, dispatch_uid="audit")
    user_logged_out.connect(_signed_out, dispatch_uid="audit")
    user_login_failed.connect(_sign_in_failed, dispatch_uid="audit")
    authentication_failed.connect(_code_failed, dispatch_uid="audit")
    for signal in (password_changed, password_reset, password_set):
        signal.connect(_new_password, dispatch_uid="audit")
    authenticator_added.connect(_factor_added, dispatch_uid="audit")
    authenticator_removed.connect(_factor_removed, dispatch_uid="audit")
    authenticator_reset.connect(_factor_renewed, dispatch_uid="audit")
    post_save.connect(_token_made, sender=AuthToken, dispatch_uid="audit")
    post_delete.connect(_token_revoked, sender=AuthToken, dispatch_uid="audit")


def _groups_changed(*, instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **_kwargs: Any) -> None:
    """`post_add` and `post_remove` tell what really changed; a `clear` is known only before it is done."""
    if action not in ("post_add", "post_remove", "pre_clear"):
        return
    if reverse:
        group = {instance.name}
        people = instance.user_set.all() if pk_set is None else Person.objects.filter(pk__in=pk_set)
        moved = [(person, group) for person in people]
    else:
        groups = instance.groups.all() if pk_set is None else Group.objects.filter(pk__in=pk_set)
        moved = [(instance, set(groups.values_list("name", flat=True)))]
    for person, names in moved:
        if not names:
            continue
        # Not by the person's own list, which may have been read earlier.
        now = set(Group.objects.filter(user=person).values_list("name", flat=True))
        before = now - names if action == "post_add" else now | names
        after = now - names if action == "pre_clear" else now
        changes = {"groups": [sorted(before), sorted(after)]}
        note(kind=Kind.PEOPLE, action=Action.CHANGED, about=person, changes=changes)


def _signed_in(*, user: Any, **_kwargs: Any) -> None:
    note(kind=Kind.SIGN_INS, action=Action.SIGNED_IN, about=user, by=user)


def _signed_out(*, user: Any, **_kwargs: Any) -> None:
    if isinstance(user, Person):
        note(kind=Kind.SIGN_INS, action=Action.SIGNED_OUT, about=user, by=user)


def _sign_in_failed(*, credentials: dict[str, Any], **_kwargs: Any) -> None:
    """Whose account it was, if anybody's. What was typed is not kept: it may be a password in the wrong field."""
    name = str(credentials.get("email") or credentials.get("username") or "")
    person = Person.objects.filter(email__iexact=name).first() if name and "\x00" not in name else None
    note(kind=Kind.SIGN_INS, action=Action.SIGN_IN_FAILED, about=person, by=None)


def _code_failed(*, user: Any, **_kwargs: Any) -> None:
    note(kind=Kind.SIGN_INS, action=Action.CODE_FAILED, about=user, by=None)


def _new_password(*, user: Any, **_kwargs: Any) -> None:
    note(kind=Kind.SIGN_INS, action=Action.NEW_PASSWORD, about=user, by=user)


def _factor(action: str, user: Any, authenticator: Any) -> None:
    changes = {"type": [None, authenticator.type]} if action == Action.FACTOR_ADDED else {}
    changes = changes or {"type": [authenticator.type, None]}
    note(kind=Kind.SIGN_INS, action=action, about=user, by=user, model="mfa.authenticator", changes=changes)


def _factor_added(*, user: Any, authenticator: Any, **_kwargs: Any) -> None:
    _factor(Action.FACTOR_ADDED, user, authenticator)


def _factor_removed(*, user: Any, authenticator: Any, **_kwargs: Any) -> None:
    _factor(Action.FACTOR_REMOVED, user, authenticator)


def _factor_renewed(*, user: Any, **_kwargs: Any) -> None:
    note(kind=Kind.SIGN_INS, action=Action.FACTOR_RENEWED, about=user, by=user, model="mfa.authenticator")


def _token_made(*, instance: Any, created: bool, **_kwargs: Any) -> None:
    if created:
        _token(Action.CREATED, instance, [None, f"{instance.token_key[:READABLE]}…"])


def _token_revoked(*, instance: Any, **_kwargs: Any) -> None:
    _token(Action.DELETED, instance, [f"{instance.token_key[:READABLE]}…", None])


def _token(action: str, token: Any, begins_with: list[Any]) -> None:
    changes = {"token_key": begins_with}
    note(kind=Kind.KEYS, action=action, about=token.user, model="knox.authtoken", changes=changes)
