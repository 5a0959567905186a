"""Where Chromium is, if it is."""

import os
import shutil
from pathlib import Path


def chromium_path() -> str | None:
    """The environment's CHROMIUM, else the system's browser; None if there is none."""
    if named := os.environ.get("CHROMIUM"):
        return named if Path(named).exists() else None
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)
