"""A person's own notification rules: by which channel, and how long after the page, again and again if they wish."""

from collections.abc import Collection

from django.db import transaction

from matrix.terms import Channel
from portal.models import Person

from .models import NotificationRule

Rule = tuple[Channel, int]
"""A channel, and minutes after the page."""


@transaction.atomic
def set_rules(person: Person, rules: Collection[Rule]) -> None:
    """From now on the person is paged by these rules alone; without any, by all channels of a step at once."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    wanted = set(rules)
    kept = set()
    for rule in NotificationRule.objects.filter(person=person):
        known = (Channel(rule.channel), rule.after_minutes)
        if known in wanted:
            kept.add(known)
        else:
            rule.delete()
    NotificationRule.objects.bulk_create(
        NotificationRule(person=person, channel=channel, after_minutes=after) for channel, after in wanted - kept
    )
