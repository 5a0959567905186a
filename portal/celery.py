"""The Celery application: it carries wake-ups, the work list itself is in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("direktdraht")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["routing", "routing.paging", "routing.incidents"])
