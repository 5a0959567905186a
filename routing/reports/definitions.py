"""What a report counts and how, in words: so that two people who read a figure read the same in it."""

from collections.abc import Iterator

from django.utils.translation import gettext as _


def definitions(zone: str) -> Iterator[tuple[str, str]]:
    """Terms with what they mean; `zone` is where a month begins."""
    yield (
        _("Month"),
        _(
            "An incident belongs to the month in which it was reported, by the calendar of the provider's office "
            "(%(zone)s): from the first instant of the month up to, and without, the first of the next. When it was "
            "answered or solved does not matter."
        )
        % {"zone": zone},
    )
    yield (
        _("Incidents"),
        _(
            "Every disturbance, whether reported by people or by monitoring, under the priority it has now. What was "
            "merged into another incident as its duplicate counts once. Requests are listed apart. An incident belongs "
            "to the customer its project belongs to today."
        ),
    )
    yield (
        _("Response"),
        _(
            "The time until a qualified person took it. An automatic reply is no response, nor is what monitoring does "
            "by itself. In time means at the agreed instant at the latest."
        ),
    )
    yield (
        _("Resolution"),
        _(
            "The time until the service was restored. Where the agreement says that the clock stands still while it "
            "waits for the customer, that time is taken off. After a reopening the last restoration counts."
        ),
    )
    yield (
        _("Running"),
        _(
            "Not done yet, and the target has not passed or its clock stands still. It is neither in time nor late, "
            "and in no percentage."
        ),
    )
    yield (
        _("Over by itself"),
        _(
            "Restored within the time for a response before anybody had taken it, for example because monitoring saw "
            "it recover. Nobody had to answer any more; it is in no percentage."
        ),
    )
    yield (_("Without a target"), _("No time was agreed for this priority or topic; it is in no percentage."))
    yield (
        _("Met, in percent"),
        _("In time, of those in time and late together. Rounded, but a hundred only where none was late."),
    )
    yield (
        _("Time to acknowledge"),
        _(
            "From the report to the response by the clock on the wall, nights and weekends included, for all that were "
            "answered. Half were answered within the median, nine of ten within the time named so."
        ),
    )
    yield (
        _("Escalations to backup"),
        _(
            "Incidents for which the second person on call was paged, because the first had not answered or had "
            "passed it on."
        ),
    )
    yield (
        _("Call-outs"),
        _(
            "Pages that somebody answered outside the support hours of the project, as these were when the month "
            "ended. An incident has as many as pages of it were answered. The list shows the incidents they belong to."
        ),
    )
