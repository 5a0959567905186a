"""A key for the monitoring of every project; the plain tokens are kept in a file, for the demo only."""

import json
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from django.db import transaction

from demo.provider import Provider
from portal.embedded import write_private
from portal.models import Person, Project
from routing.intake.services import create_intake_key
from routing.models import IntakeKey

NAME = "Demo Alertmanager"


def add_keys(
    provider: Provider, *, projects: dict[str, Project], by: Person, at: datetime, tokens_file: Path
) -> dict[str, str]:
    """Project key → token. A token that the file lacks, or whose key this database lacks, is made anew.

    The file is written when the transaction commits, and only where something is new.
    """
    kept = _read(tokens_file)
    tokens: dict[str, str] = {}
    for key, project in projects.items():
        token = kept.get(key, "")
        if not IntakeKey.objects.filter(project=project, token_hash=_hash(token)).exists():
            _key, token = create_intake_key(
                project=project, name=NAME, by=by, now=at, severity_map=provider["severity_map"]
            )
        tokens[key] = token
    if tokens != kept:
        transaction.on_commit(lambda: _write(tokens_file, tokens))
    return tokens


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _read(file: Path) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return kept


def _write(file: Path, tokens: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, json.dumps(tokens, indent=2))
