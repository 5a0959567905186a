"""Rosters out of and into other programs: as CSV or iCalendar."""
