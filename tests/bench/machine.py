"""What the figures were measured on."""

import os
import platform
from pathlib import Path

import django
import redis
from django.conf import settings
from django.db import connection


def description() -> str:
    """One line each: hardware and versions."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgres = cursor.fetchone()[0]
        cursor.execute("SHOW synchronous_commit")
        commits = cursor.fetchone()[0]
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        info = client.info("server")
    server = info.get("valkey_version") or info["redis_version"]
    return (
        f"{os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.release()}\n"
        f"Python {platform.python_version()}, Django {django.__version__}, PostgreSQL {postgres} "
        f"(synchronous_commit {commits}), {info.get('server_name', 'redis')} {server}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
