"""Who changed what: the log of everything that is edited in place, and of sign-ins."""

from .acting import acting, by_whom
from .noting import note, note_all, noting, noting_new, noting_rows

__all__ = ["acting", "by_whom", "note", "note_all", "noting", "noting_new", "noting_rows"]
