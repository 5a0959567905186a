"""Two rotas of six; the persona on call is primary in the week of the first load."""

from datetime import datetime, time, timedelta
from typing import Any

from demo.provider import Provider
from oncall.models import Rota, RotaCoverage, Rotation, RotationMember
from oncall.rotation import Line, RotationRule, handovers
from portal.models import Person, Project
from portal.services import record

from .hours import WEEKDAYS

WEEK = 7


def add_rotas(
    provider: Provider, *, people: dict[str, Person], projects: dict[str, Project], at: datetime, now: datetime
) -> None:
    """Rotations valid from `at` on, turned so that the first of each list in the file has duty at `now`."""
    by_name = {email.partition("@")[0]: person for email, person in people.items()}
    for slug, content in provider["rotas"].items():
        rota = Rota.objects.create(
            slug=slug,
            name=content["public_name"]["de"],
            public_name_de=content["public_name"]["de"],
            public_name_en=content["public_name"]["en"],
            zone=provider["provider"]["zone"],
            duty_number=content["duty_number"],
        )
        for key in content["covers"]:
            valid = (at, None)
            record(RotaCoverage, by=None, now=at, rota=rota, project=projects[key], valid=valid)
        for line in Line:
            _rotation(rota, line, content, [by_name[name] for name in content[line.value]], at=at, now=now)


def _rotation(
    rota: Rota, line: Line, content: dict[str, Any], members: list[Person], *, at: datetime, now: datetime
) -> None:
    weekday, handover = WEEKDAYS.index(content["handover"]["day"]), time.fromisoformat(content["handover"]["time"])
    rule = RotationRule(line, tuple(person.pk for person in members), weekday, handover, WEEK, at, None)
    # The shift that runs at `at` is the first member's: as many places back as handovers have been since.
    done = len(handovers(rule, rota.zone, at, now + timedelta(microseconds=1))) % len(members)
    rotation = record(
        Rotation,
        by=None,
        now=at,
        rota=rota,
        line=line.value,
        handover_weekday=weekday,
        handover_time=handover,
        period_days=WEEK,
        valid=(at, None),
    )
    RotationMember.objects.bulk_create(
        RotationMember(rotation=rotation, position=place, person=members[(place - done) % len(members)])
        for place in range(len(members))
    )
