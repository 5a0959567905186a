"""What somebody is told by e-mail of what they reported."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from routing.notices.forms import NoticeChoicesForm

from .requests import PageRequest, page


@page
def choices(request: PageRequest) -> HttpResponse:
    """Choose; for customers, for nobody else is told."""
    if request.user.is_staff:
        raise Http404
    # Every box may be empty, and then nothing but the token is sent.
    form = NoticeChoicesForm(request.POST if request.method == "POST" else None, person=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("profile")
    return render(request, "profile/notices.html", {"form": form})
