"""The words of a handbook, explained."""

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from matrix import labels
from matrix.terms import Role

from .blocks import Facts, Line, Section


def glossary() -> Section:
    """Every term with its meaning, by the alphabet of the reader's language as far as letters go."""
    role = {each: capfirst(str(label)) for each, label in labels.ROLE.items()}
    terms = {
        _("Incident"): _("A fault, or the threat of one, in what we run for you. It has a priority and a chain."),
        _("Request"): _(
            "Anything else you want of us. It has a topic, is answered in business hours and pages nobody."
        ),
        _("Priority"): _("How bad an incident is: Blocker, Critical, Major or Minor, each defined by examples."),
        _("Communication matrix"): _(
            "What was agreed: for each priority how to report, whom you reach and who follows."
        ),
        _("Chain"): _("The people who are called one after the other until somebody answers."),
        _("Acknowledge"): _("To take an incident: from then on one person is responsible and nobody new is called."),
        _("Business hours"): _("The hours of our office, without its holidays."),
        role[Role.SDM]: _("SDM: owns your project with us and is your first contact for everything technical."),
        role[Role.SERVICE_DESK]: _("Stands behind the SDM, helps directly or connects you with the project team."),
        role[Role.PROJECT_TEAM]: _("The specialists who know your project."),
        role[Role.ON_CALL_PRIMARY]: _("Reached outside business hours, and by our monitoring at any hour."),
        role[Role.BRM]: _("BRM: looks after the relationship above daily work, from needs to contracts."),
        role[Role.ESCALATION_MANAGER]: _("Our management: told when a chain runs long, and there for complaints."),
        _("SLA"): _("Service level agreement: the times within which we promise to respond and to restore."),
    }
    rows = sorted(terms.items(), key=lambda term: term[0].casefold())
    return Section("glossary", _("Glossary"), (Facts(tuple((term, (Line(said),)) for term, said in rows)),))
