"""Tasks of the queue `delivery`: each makes one service call and can run twice."""

from celery import shared_task

from portal import clock

from . import sending


@shared_task(name="routing.paging.tasks.send_due")
def send_due() -> None:
    """Everything that is queued and due."""
    sending.send_all_due(now=clock.now())


@shared_task(name="routing.paging.tasks.send_post")
def send_post() -> None:
    """Mails that page nobody."""
    sending.send_due_post(now=clock.now())


@shared_task(name="routing.paging.tasks.send_hang_ups")
def send_hang_ups() -> None:
    """End calls that ring for nothing."""
    sending.hang_up_due(now=clock.now())


@shared_task(name="routing.paging.tasks.send_reconcile")
def send_reconcile() -> None:
    """Settle what may or may not have been sent, and what was never reported on."""
    sending.reconcile_due(now=clock.now())
    sending.settle_due(now=clock.now())
