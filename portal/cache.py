"""A Redis cache that fails open: without Redis a counter counts nothing, and nobody is refused for it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def _fails_open(name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
    method = getattr(RedisCache, name)

    @wraps(method)
    def call(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except (RedisError, OSError) as error:
            log.warning("cache_unavailable", operation=name, error=str(error))
            return answer(*args, **kwargs)

    return call


class FailOpenRedisCache(RedisCache):
    """Reads miss and writes are dropped while Redis does not answer."""

    get = _fails_open("get", lambda _key, default=None, **_: default)
    set = _fails_open("set", lambda *_, **__: None)
    add = _fails_open("add", lambda *_, **__: True)
    delete = _fails_open("delete", lambda *_, **__: False)
    incr = _fails_open("incr", lambda _key, delta=1, **_: delta)
    get_many = _fails_open("get_many", lambda *_, **__: {})
    set_many = _fails_open("set_many", lambda *_, **__: [])
    touch = _fails_open("touch", lambda *_, **__: False)
