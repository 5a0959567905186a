"""The fictional provider's file, read once per process."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parent / "nordhafen.yaml"

Provider = dict[str, Any]


@lru_cache(maxsize=1)
def provider() -> Provider:
    content: Provider = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content
