"""24 hours, with the weekday: "So 29.11.2026, 03:00"."""

DATE_FORMAT = "D d.m.Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "D d.m.Y, H:i"
SHORT_DATE_FORMAT = "D d.m."
SHORT_DATETIME_FORMAT = "D d.m., H:i"
