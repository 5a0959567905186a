"""The Redis transport, made to survive a broker that hangs.

kombu forgets a message it holds only after Redis has confirmed it. Where that confirmation times out, the message
counts as held for ever, the worker believes its hands are full, and never takes another one although it answers
every ping. Here the message is let go either way: what Redis still holds it delivers again after the visibility
time-out, and every task may run twice.
"""

from typing import Any

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    """Lets go of a message even where Redis could not be told."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        finally:
            virtual.QoS.ack(self, delivery_tag)


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    Channel: Any = Channel
