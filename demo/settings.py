"""The product's settings, with the demo provider on top."""

from portal.settings import *  # noqa: F403
from portal.settings import INSTALLED_APPS as PRODUCT_APPS

INSTALLED_APPS = [*PRODUCT_APPS, "demo"]
ROOT_URLCONF = "demo.urls"
