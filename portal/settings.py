"""Settings: nothing but the environment, read once.

Every value that differs between installations is an environment variable named here. There are no
default secrets: without `SECRET_KEY` and `DATABASE_URL` the process does not start.
"""

from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from portal import logs
from portal.weekly import weekly_time

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", default=False)
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
"""Where browsers and the phone provider reach this installation; signatures are checked over it."""
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[environ.urlparse(PUBLIC_URL).hostname or "localhost"])
ALLOWED_HOSTS += ["localhost", "127.0.0.1"]  # health checks and scrapers on the same host
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "portal",
    "matrix",
    "oncall",
    "routing",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "template_partials",
    "phonenumber_field",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

MIDDLEWARE = [
    "portal.middleware.refuse_nul",
    "portal.middleware.whole_login_page",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.audit.acting.of_request",
    "portal.middleware.reader_preferences",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.refuse_oversize",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "portal.context_processors.house",
                "routing.desk.context.alarms",
                "routing.administration.context.trail",
            ],
        },
    },
]

# --- Data -------------------------------------------------------------------------------------------------
# Connections are not pooled between requests by Django here: CONN_MAX_AGE keeps one per thread.
DATABASES = {"default": {**env.db_url("DATABASE_URL"), "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")
# Throttle counters live in Redis and fail open (portal/cache.py): a lost counter never refuses a signal.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "portal.cache.FailOpenRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "direktdraht",
        "OPTIONS": {"socket_connect_timeout": 0.1, "socket_timeout": 0.1},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- People -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "portal.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "portal.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by staff; nobody signs up by themselves
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Guessing is limited by portal/attempts.py, in the database; these would be lost with Redis.
ACCOUNT_RATE_LIMITS = {"login_failed": None}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are proven by invitation, or given by the provider
MFA_TOTP_ISSUER = "Direktdraht"
MFA_FORMS = {
    "authenticate": "portal.profile.codes.LimitedAuthenticateForm",
    "reauthenticate": "portal.profile.codes.LimitedReauthenticateForm",
    "add_webauthn": "portal.profile.codes.PasskeyForm",
}

# --- Language and time ------------------------------------------------------------------------------------
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
"""For readers of neither language, and for shared phones, which have no profile."""
LANGUAGES = [("de", _("German")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Berlin")
USE_TZ = True
FORMAT_MODULE_PATH = ["portal.formats"]

# --- Static files -----------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / ".local" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Browsers revalidate by name, not by hash: no build step, one deploy.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_SOURCE", default=False)

# --- Security ---------------------------------------------------------------------------------------------
SECURE_COOKIES = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
"""Whether exactly one reverse proxy stands in front and sets X-Forwarded-For and X-Forwarded-Proto."""
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)  # or everybody's log-ins would count as one address's
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
"""With it, `/metrics` also answers a scraper elsewhere that sends it as a bearer token."""
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_COOKIES else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],  # widths of progress bars
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# A body over 5 MiB is answered with 413; a thousand Alertmanager alerts are 0.7 MiB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# --- Files that people attach -----------------------------------------------------------------------------
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / ".local" / "media"))
ATTACHMENT_MAX_BYTES = 10 * 1024 * 1024
ATTACHMENTS_AT_ONCE = 5
UPLOAD_MAX_BYTES = ATTACHMENTS_AT_ONCE * ATTACHMENT_MAX_BYTES + DATA_UPLOAD_MAX_MEMORY_SIZE
"""A form with files over this is answered with 413, before any of it is read."""
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- HTTP API ---------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "portal.problems.problem_details",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "Direktdraht",
    "DESCRIPTION": "Whom do I call now, and who is called if nobody answers?",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {},
}

# --- Phone and mail ---------------------------------------------------------------------------------------
TWILIO_BASE_URL = env.str("TWILIO_BASE_URL", default="https://api.twilio.com")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM_NUMBER = env.str("TWILIO_FROM_NUMBER", default="")
TWILIO_TIMEOUT_SECONDS = env.float("TWILIO_TIMEOUT_SECONDS", default=10.0)

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="smtp://localhost:25")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", default="Direktdraht <direktdraht@localhost>")

PHONENUMBER_DEFAULT_REGION = env.str("PHONE_REGION", default="DE")
PHONENUMBER_DB_FORMAT = "E164"
PHONENUMBER_DEFAULT_FORMAT = "E164"  # how a number reads as text; pages format it for the eye

# --- Escalation -------------------------------------------------------------------------------------------
HEARTBEAT_URL = env.str("HEARTBEAT_URL", default="")
"""Pinged by the watchdog only while everything due is being done; an outside service alarms on silence."""
INTAKE_RATE_PER_MINUTE = env.int("INTAKE_RATE_PER_MINUTE", default=600)

FETCH_PRIVATE_ADDRESSES = env.bool("FETCH_PRIVATE_ADDRESSES", default=False)
"""Whether administrators may have calendars fetched from the provider's own network, and from any port."""

# --- Housekeeping, once a day -------------------------------------------------------------------------------
AUTO_CLOSE_DAYS = env.int("AUTO_CLOSE_DAYS", default=14)
"""A resolved incident is closed after this long, unless it was reopened."""
KEEP_SIGNALS_DAYS = env.int("KEEP_SIGNALS_DAYS", default=90)
"""How long what monitoring sent is kept, once its incident is over."""
KEEP_SIGN_INS_DAYS = env.int("KEEP_SIGN_INS_DAYS", default=90)
"""How long the audit log keeps who signed in and when."""
KEEP_AUDIT_DAYS = env.int("KEEP_AUDIT_DAYS", default=3 * 365)
"""How long the audit log keeps what was changed in place; what is recorded needs no log to be remembered."""

# --- Coverage -----------------------------------------------------------------------------------------------
COVERAGE_MAIL = weekly_time(env.str("COVERAGE_MAIL", default="mon 07:00"))
"""When administrators get the week's letter about the coverage: weekday and time, in the portal's zone."""

# --- Celery: wake-ups only, the work list is in PostgreSQL --------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT = "portal.broker:Transport"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "escalation"
# Whoever runs the tick does nothing that takes long.
CELERY_TASK_ROUTES = {
    "routing.paging.tasks.send*": {"queue": "delivery"},
    "routing.tasks.keep_house": {"queue": "delivery"},
    "routing.tasks.send_night_reports": {"queue": "delivery"},
    "routing.tasks.watch_coverage": {"queue": "delivery"},
    "routing.tasks.ask_for_confirmations": {"queue": "delivery"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60, "socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "routing.tasks.tick", "schedule": 1.0, "options": {"expires": 30}},
}
CELERY_TIMEZONE = "UTC"

# --- Logging ----------------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processors": [logs.drop_structlog_meta, logs.mask_tokens, logs.render],
            "foreign_pre_chain": [logs.add_level, logs.add_time],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"django.server": {"level": "WARNING"}, "twilio": {"level": "WARNING"}},
}
