"""Support hours: weekly intervals, holidays, exceptions, and the year they make."""
