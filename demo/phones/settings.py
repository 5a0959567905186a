"""Django settings of this small site: no database, no sessions, nothing of the product."""

import secrets
from pathlib import Path

HERE = Path(__file__).resolve().parent

SECRET_KEY = secrets.token_urlsafe()  # signs nothing that outlives the process
DEBUG = False
# Other names are refused, so that no foreign site can reach the control API by pointing its name at this machine.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = "demo.phones.urls"
INSTALLED_APPS: list[str] = []
MIDDLEWARE = ["demo.phones.pages.security_headers"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {"context_processors": []},
    }
]
STATIC_ROOT = HERE / "static"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
APPEND_SLASH = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django": {"handlers": ["console"], "level": "ERROR"},
        # Refusals are part of what this process plays.
        "django.request": {"handlers": ["console"], "level": "CRITICAL", "propagate": False},
    },
}
