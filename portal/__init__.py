"""Ground floor: settings, clock, embedded services, people, projects, access, business time."""

from .celery import app as celery_app

__all__ = ["celery_app"]
