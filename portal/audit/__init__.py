"""Who changed what: the log of everything that is edited in place, and of sign-ins."""

from .acting import acting, by_whom
from .noting import note, noting, noting_new, noting_rows

__all__ = ["acting", "by_whom", "note", "noting", "noting_new", "noting_rows"]
