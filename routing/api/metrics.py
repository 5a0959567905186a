"""Figures for Prometheus, counted when they are asked for: any number of processes, one truth."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from portal import clock
from routing.incidents.models import OPEN_STATUSES, Incident
from routing.paging.models import Alarm, Delivery, Escalation, Pulse

LATE = timedelta(seconds=5)
DAY = timedelta(days=1)


class PortalCollector(Collector):
    """Reads the database once per scrape, in six queries."""

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        yield _pulses(now)
        yield _incidents()
        yield _overdue(now)
        yield _deliveries(now)
        yield _alarms()


def _pulses(now: datetime) -> Metric:
    gauge = GaugeMetricFamily(
        "direktdraht_pulse_age_seconds", "Seconds since a recurring job was last done whole.", labels=["job"]
    )
    for name, at in Pulse.objects.values_list("name", "at"):
        gauge.add_metric([name], max((now - at).total_seconds(), 0))
    return gauge


def _incidents() -> Metric:
    gauge = GaugeMetricFamily("direktdraht_open_incidents", "Incidents that are not resolved.", labels=["status"])
    rows = Incident.objects.open().order_by().values_list("status").annotate(count=Count("pk"))
    counts = dict.fromkeys(OPEN_STATUSES, 0) | dict(rows)
    for status, count in counts.items():
        gauge.add_metric([str(status)], count)
    return gauge


def _overdue(now: datetime) -> Metric:
    overdue = Escalation.objects.filter(due_at__lt=now - LATE).count()
    return GaugeMetricFamily(
        "direktdraht_overdue_escalations", "Chains whose next step is more than 5 s late.", value=overdue
    )


def _deliveries(now: datetime) -> Metric:
    gauge = GaugeMetricFamily(
        "direktdraht_deliveries_24h", "Messages of the last 24 hours.", labels=["channel", "state"]
    )
    rows = Delivery.objects.filter(created_at__gt=now - DAY).order_by().values_list("channel", "state")
    for channel, state, count in rows.annotate(count=Count("pk")):
        gauge.add_metric([channel, state], count)
    return gauge


def _alarms() -> Metric:
    gauge = GaugeMetricFamily("direktdraht_open_alarms", "Alarms that are not over.", labels=["kind"])
    rows = Alarm.objects.filter(cleared_at=None).order_by().values_list("kind")
    for kind, count in rows.annotate(count=Count("pk")):
        gauge.add_metric([kind], count)
    return gauge
