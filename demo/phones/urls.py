"""Addresses: Twilio's REST interface, the control API, the pages."""

from django.conf import settings
from django.urls import include, path, re_path
from django.views.static import serve

from demo.phones import control, pages, rest

api = [
    path("Calls.json", rest.calls),
    path("Calls/<sid>.json", rest.call),
    path("Messages.json", rest.messages),
    path("Messages/<sid>.json", rest.message),
    re_path(r"^Recordings/(?P<sid>RE\w+)(?:\.wav|\.mp3)?$", rest.recording),
    path("<path:path>", rest.unknown),
]

actions = [
    path("reset", control.reset),
    path("calls", control.calls),
    path("messages", control.messages),
    path("mails", control.mails),
    path("events", control.events),
    path("wait", control.wait),
    path("config", control.configure),
    path("callbacks", control.callbacks),
    path("numbers/<number>/mode", control.mode),
    path("numbers/<number>/answer", control.answer),
    path("numbers/<number>/decline", control.decline),
    path("numbers/<number>/hangup", control.hang_up),
    path("numbers/<number>/press", control.press),
    path("numbers/<number>/say", control.say),
    path("numbers/<number>/sms", control.sms),
    path("numbers/<number>/call", control.call),
]

urlpatterns = [
    path("2010-04-01/Accounts/<account>/", include(api)),
    path("control/", include(actions)),
    path("healthz", pages.alive),
    path("events", pages.changes),
    path("fragments", pages.fragments),
    path("phone/<number>", pages.single, name="phone"),
    path("static/<path:path>", serve, {"document_root": settings.STATIC_ROOT}, name="asset"),
    path("", pages.wall, name="wall"),
]
