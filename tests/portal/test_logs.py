"""Addresses that are secrets are not written down whole."""

import pytest
from django.urls import reverse

from portal.logs import mask

TOKEN = "c9x2ab-5f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.mark.parametrize(
    "path",
    [
        reverse("invitation", args=[TOKEN]),
        reverse("calendar_feed", args=[TOKEN]),
        reverse("page_link", args=[TOKEN]),
        reverse("account_reset_password_from_key", kwargs={"uidb36": "1z", "key": TOKEN}),
    ],
)
def test_a_secret_address_is_cut_short(path: str) -> None:
    line = mask(f"Internal Server Error: {path}")
    assert TOKEN[8:] not in line
    assert path[:8] in line
