"""The product's settings for tests. PostgreSQL and Redis come from tests/plugin.py.

Everything else is fixed here whatever the shell holds, so that no test ever reaches a real phone or mailbox.
"""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

worker = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", ""))
if worker:
    # A database of its own for each worker of pytest-xdist; 0 is the controller's.
    redis_server, _, _number = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{redis_server}/{int(worker) + 1}"

os.environ.update(
    SECRET_KEY="only-for-tests-" + "x" * 40,
    DEBUG="false",
    PUBLIC_URL="http://testserver",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    BEHIND_PROXY="false",
    STATIC_FROM_SOURCE="true",
    TWILIO_ACCOUNT_SID="AC" + "0" * 32,
    TWILIO_AUTH_TOKEN="only-for-tests",
    TWILIO_BASE_URL="http://127.0.0.1:9",
    TWILIO_FROM_NUMBER="+496990009000",
    EMAIL_URL="smtp://127.0.0.1:9",
    MAIL_FROM="Direktdraht <direktdraht@nordhafen.example>",
    HEARTBEAT_URL="",
)

MEDIA = tempfile.mkdtemp(prefix="direktdraht-media-")
atexit.register(shutil.rmtree, MEDIA, ignore_errors=True)
os.environ["MEDIA_ROOT"] = MEDIA

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES, STATIC_ROOT  # noqa: E402

# What is stuck, or planned badly, fails with its statement instead of stopping the whole run.
limits = "-c lock_timeout=60s -c statement_timeout=90s -c idle_in_transaction_session_timeout=120s"
DATABASES["default"].setdefault("OPTIONS", {})["options"] = limits

# Static files are served from their sources, sought when asked for: every client of a test is a new server, which would
# otherwise list them all first. Whitenoise only wants to see the directory.
WHITENOISE_AUTOREFRESH = True
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
