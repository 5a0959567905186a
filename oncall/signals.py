"""What this floor tells those above, whom it does not know."""

from django.dispatch import Signal

roster_changed = Signal()
"""Somebody else may be on duty. Sent with `projects` (the set of ids that are concerned) and `now`, in the
transaction of the change."""

went_away = Signal()
"""Somebody is away from now on. Sent with `person` and `now`, in the transaction of the record."""
