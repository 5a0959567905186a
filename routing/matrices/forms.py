"""What an administrator says of matrices: words, titles, what to begin with, and why something is published."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from matrix import labels
from matrix.content import ReportingContent, TermsContent
from matrix.models import Matrix, MatrixVersion
from matrix.terms import ReportWay, Window
from portal.models import Project
from routing.pages.forms import InstantField

LANGUAGES = {"de": _("German"), "en": _("English")}
MOST_EXAMPLES = 12
LONGEST_EXAMPLE = 300


class TitlesForm(forms.Form):
    """What the version is called, above the customer's matrix and in the handbook."""

    title_de = forms.CharField(label=_("Title (German)"), max_length=200, required=False)
    title_en = forms.CharField(label=_("Title (English)"), max_length=200, required=False)


class Lines(forms.CharField):
    """One text a line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]
        if len(lines) > MOST_EXAMPLES:
            raise forms.ValidationError(_("At most %(count)d examples."), params={"count": MOST_EXAMPLES})
        if any(len(line) > LONGEST_EXAMPLE for line in lines):
            raise forms.ValidationError(
                _("An example may have at most %(count)d characters."), params={"count": LONGEST_EXAMPLE}
            )
        return tuple(lines)


class WordsForm(forms.Form):
    """What the priority means, with examples."""

    definition_de = forms.CharField(
        label=_("Definition (German)"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    definition_en = forms.CharField(
        label=_("Definition (English)"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    examples_de = Lines(label=_("Examples (German), one a line"), required=False)
    examples_en = Lines(label=_("Examples (English), one a line"), required=False)

    @staticmethod
    def initial_of(terms: TermsContent) -> dict[str, str]:
        return {
            **{f"definition_{language}": terms.definition.get(language, "") for language in LANGUAGES},
            **{f"examples_{language}": "\n".join(terms.examples.get(language, ())) for language in LANGUAGES},
        }


class ReportingForm(forms.Form):
    """How the customer reports in one window."""

    required_way = forms.ChoiceField(label=_("Required way"), choices=labels.choices(labels.REPORT_WAY))
    other_ways = forms.MultipleChoiceField(
        label=_("Also possible"),
        choices=labels.choices(labels.REPORT_WAY),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    instruction_de = forms.CharField(
        label=_("Instruction (German)"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    instruction_en = forms.CharField(
        label=_("Instruction (English)"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def content(self) -> ReportingContent:
        given = self.cleaned_data
        ways = dict.fromkeys([given["required_way"], *given["other_ways"]])
        return ReportingContent(
            tuple(ReportWay(way) for way in ways),
            {language: given[f"instruction_{language}"] for language in LANGUAGES},
        )

    @staticmethod
    def initial_of(reporting: ReportingContent | None) -> dict[str, Any]:
        reporting = reporting or ReportingContent()
        return {
            "required_way": reporting.ways[0].value if reporting.ways else ReportWay.PHONE.value,
            "other_ways": [way.value for way in reporting.ways[1:]],
            **{f"instruction_{language}": reporting.instruction.get(language, "") for language in LANGUAGES},
        }


class PriorityWordsForm:
    """A priority's words on one page: its meaning, and how to report in each window."""

    def __init__(self, data: Any, *, terms: TermsContent) -> None:
        self.words = WordsForm(data, initial=WordsForm.initial_of(terms))
        self.windows = [
            (
                window,
                labels.WINDOW[window],
                ReportingForm(data, prefix=window.value, initial=ReportingForm.initial_of(terms.reporting.get(window))),
            )
            for window in Window
        ]

    def is_valid(self) -> bool:
        return all(form.is_valid() for form in (self.words, *(form for _w, _l, form in self.windows)))

    def content(self, terms: TermsContent) -> TermsContent:
        """`terms` with what was given."""
        given = self.words.cleaned_data
        return replace(
            terms,
            definition={language: given[f"definition_{language}"] for language in LANGUAGES},
            examples={language: given[f"examples_{language}"] for language in LANGUAGES},
            reporting={window: form.content() for window, _label, form in self.windows},
        )


def words_of(terms: TermsContent) -> object:
    """What of a priority `PriorityWordsForm` changes."""
    return terms.definition, terms.examples, terms.reporting


class SourceField(forms.ModelChoiceField[MatrixVersion]):
    """A published version to begin with; empty: usual terms."""

    def label_from_instance(self, obj: Any) -> str:
        kind = str(_("template")) if obj.matrix.project_id is None else str(_("project"))
        return f"{obj.matrix.name} ({kind}), {_('version')} {obj.number}"


class BeginForm(forms.Form):
    """What a draft begins with."""

    source = SourceField(
        label=_("Begin with"),
        queryset=MatrixVersion.objects.none(),
        required=False,
        empty_label=_("usual terms, to be changed"),
    )

    def __init__(self, *args: Any, sources: QuerySet[MatrixVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = sources  # type: ignore[attr-defined]  # a ModelChoiceField


class NewMatrixForm(BeginForm):
    """A matrix that does not exist yet: of a project that has none, or a template."""

    project = forms.ModelChoiceField(
        label=_("For the project"),
        queryset=Project.objects.none(),
        to_field_name="key",
        required=False,
        empty_label=_("none: it becomes a template"),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        help_text=_("Of a template; a project's has the project's key."),
    )
    field_order = ["project", "name", "source"]

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]  # as above

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        project = given.get("project")
        name = project.key if project else given.get("name", "").strip()
        if not name and not self.errors:
            self.add_error("name", _("Choose a project, or give the template a name."))
        elif name and Matrix.objects.filter(name__iexact=name).exists():
            self.add_error("project" if project else "name", _("There is a matrix of this name already."))
        given["name"] = name
        return given


class PublishForm(forms.Form):
    """Why, from when, and whether what misses its target is accepted."""

    reason = forms.CharField(
        label=_("Why is it changed?"),
        max_length=300,
        help_text=_("It stays in the history for good: “contract extended on 24 November”, say."),
    )
    effective_from = InstantField(
        label=_("In force from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Empty: at once."),
    )
    accept = forms.BooleanField(
        label=_("I accept that these chains miss their target. That I did is recorded with the version."),
        required=False,
    )

    def __init__(self, *args: Any, now: datetime, missed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        if not missed:
            del self.fields["accept"]

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"].strip()
        return reason

    def clean_effective_from(self) -> datetime | None:
        begins: datetime | None = self.cleaned_data["effective_from"]
        if begins is not None and begins < self.now:
            raise forms.ValidationError(_("That instant has passed. Leave it empty to publish at once."))
        return begins

    def clean_accept(self) -> bool:
        if not self.cleaned_data["accept"]:
            raise forms.ValidationError(
                _("Shorten the waits of the chains above, or accept here that their target may be missed.")
            )
        return True
