"""Starts PostgreSQL and Valkey once per run, before Django's settings are read.

Loaded with `-p tests.plugin`. Workers of pytest-xdist inherit the variables of the controller, and so start
nothing. With DATABASE_URL and REDIS_URL set, those servers are used instead; their test databases are emptied.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from portal.embedded import EmbeddedError, EmbeddedServers
from tests.chromium import chromium_path

LOCAL = Path(__file__).resolve().parent.parent / ".local"
BROWSER_REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    # A wrapper runs before pytest-django's own hook, which imports the settings.
    remove_leftovers()
    servers = EmbeddedServers(LOCAL / f"test-{os.getpid()}", durable=False)
    try:
        os.environ.update(servers.__enter__().environment)
    except EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error

    def stop() -> None:
        ours = servers.environment
        servers.stop()
        if ours:
            servers.remove()

    early_config.add_cleanup(stop)
    # Importing the product names its own settings, and pytest-django heeds that more than pyproject.toml.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    return (yield)


def remove_leftovers() -> None:
    """What a killed run left; directories of runs under way, or of another user, stay."""
    for directory in LOCAL.glob("test-*"):
        try:
            EmbeddedServers(directory).remove()
        except (EmbeddedError, OSError):
            continue


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start processes run one after another: side by side they would only measure each other."""
    for item in items:
        if item.get_closest_marker("processes"):
            item.add_marker(pytest.mark.xdist_group("processes"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and chromium_path() is None:
        if BROWSER_REQUIRED:
            pytest.fail("Chromium is required (REQUIRE_BROWSER=1), and was not found", pytrace=False)
        pytest.skip("no Chromium found")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    count = sum("browser" in report.keywords for report in skipped)
    if count and chromium_path() is None:
        terminalreporter.write_line(
            f"left out: {count} browser tests (no Chromium found: apt-get install chromium)", yellow=True
        )
