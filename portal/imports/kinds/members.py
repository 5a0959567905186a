"""Members of teams, by team and address."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg2.extras import DateTimeTZRange

from portal.imports import cells
from portal.imports.plan import Column, Fate, Outcome, Row
from portal.models import Membership, Person, Team
from portal.services import retire_all

from .base import Act, Kind, wanted_of


class Members(Kind):
    slug = "members"
    label = gettext_lazy("Members of teams")
    hint = gettext_lazy("Known by team and e-mail address. Nobody is taken out of a team.")
    identity = ("team", "email")
    columns = (
        Column("team", "team", "Team", cells.key, "platform", required=True),
        Column("email", "e-mail", "E-Mail", cells.email, "jana@example.com", required=True),
        Column("speciality", "speciality", "Fachgebiet", cells.text(160), "PostgreSQL"),
    )

    def load(self, rows: Sequence[Row]) -> None:
        self.teams = {team.slug: team for team in Team.objects.filter(slug__in=wanted_of(rows, "team"))}
        self.people = {p.email: p for p in Person.objects.filter(email__in=wanted_of(rows, "email"))}
        found = self.held(Membership.objects.current().filter(team__in=self.teams.values()))
        self.known = {(each.team_id, each.person_id): each for each in found}

    def judge(self, row: Row) -> Fate:
        team, person = self.teams.get(row.values["team"]), self.people.get(row.values["email"])
        if team is None:
            return self.refused(row, _("There is no team “%(key)s”.") % {"key": row.values["team"]})
        if person is None or not person.is_staff or not person.is_active:
            email = row.values["email"]
            return self.refused(row, _("Nobody of the provider has the address %(email)s.") % {"email": email})
        return self.compared(row, self.known.get((team.pk, person.pk)), self.given(row, "speciality"))

    def write(self, fates: Sequence[Fate], act: Act) -> None:
        done = [fate for fate in fates if fate.outcome in (Outcome.CREATE, Outcome.CHANGE)]
        old = [fate.target for fate in done if fate.target is not None]
        retire_all(Membership, old, by=act.by, now=act.now, why=act.why)
        made = [
            Membership(
                team=self.teams[fate.row.values["team"]],
                person=self.people[fate.row.values["email"]],
                speciality=fate.wanted.get("speciality", ""),
                recorded=DateTimeTZRange(act.now, None),
                recorded_by=act.by,
                recorded_why=act.why,
            )
            for fate in done
        ]
        Membership.objects.bulk_create(made)
