"""The words of the pages, in English and German; the browser's language decides."""

from __future__ import annotations

import re

from demo.phones.behaviour import MODES

# Each name with its English and its German text.
_TEXTS = {
    "title": ("Phones", "Telefone"),
    "intro": (
        "Every phone of the demo, with its texts and mail. Nothing here leaves this computer.",
        "Alle Telefone der Demo mit ihren SMS und Mails. Nichts davon verlässt diesen Rechner.",
    ),
    "now": ("Now", "Jetzt"),
    "others": ("Other numbers", "Weitere Nummern"),
    "find": ("Find a phone", "Telefon suchen"),
    "sound_on": ("Sound on", "Ton an"),
    "sound_off": ("Sound off", "Ton aus"),
    "idle": ("idle", "frei"),
    "ringing": ("ringing", "klingelt"),
    "talking": ("in a call", "im Gespräch"),
    "calling": ("calling", "ruft an"),
    "rings": ("{name}: the phone is ringing", "{name}: Das Telefon klingelt"),
    "from": ("Call from", "Anruf von"),
    "with": ("In a call with", "Im Gespräch mit"),
    "to": ("Calling", "Anruf bei"),
    "answer": ("Answer", "Abnehmen"),
    "decline": ("Decline", "Ablehnen"),
    "hang_up": ("Hang up", "Auflegen"),
    "keypad": ("Keypad", "Tastenfeld"),
    "say": ("Say something", "Etwas sagen"),
    "speak": ("Say", "Sagen"),
    "reply": ("Text message", "SMS schreiben"),
    "send": ("Send", "Senden"),
    "call": ("Call", "Anrufen"),
    "call_whom": ("Call a number of the provider", "Eine Nummer des Providers anrufen"),
    "more": ("Write, call, behaviour", "Schreiben, anrufen, Verhalten"),
    "behaviour": ("Behaviour of", "Verhalten von"),
    "alone": ("This phone alone", "Nur dieses Telefon"),
    "all": ("All phones", "Alle Telefone"),
    "history": ("Messages and calls", "Nachrichten und Anrufe"),
    "mail": ("E-mail", "E-Mail"),
    "pressed": ("pressed", "gedrückt:"),
    "missed": ("Missed call", "Anruf verpasst"),
    "busy": ("Was busy or declined", "Besetzt oder abgelehnt"),
    "canceled": ("Call given up by the caller", "Anrufer hat aufgelegt"),
    "failed": ("Call failed", "Anruf fehlgeschlagen"),
    "completed": ("Call", "Gespräch"),
    "not_sent": ("not delivered", "nicht zugestellt"),
    "lost": ("Connection lost, trying again …", "Verbindung unterbrochen, neuer Versuch …"),
    "nobody": ("No phone of that name.", "Kein Telefon mit diesem Namen."),
    "said": ("What was said", "Was gesagt wurde"),
    "mode_ring": ("rings until answered", "klingelt, bis jemand abnimmt"),
    "mode_answer": ("answers and presses 1", "nimmt ab und drückt 1"),
    "mode_busy": ("is busy", "ist besetzt"),
    "mode_no_answer": ("nobody answers", "niemand nimmt ab"),
    "mode_voicemail": ("voicemail answers", "Mailbox nimmt ab"),
    "mode_undeliverable": ("is out of reach", "ist nicht erreichbar"),
    "mode_invalid": ("number is invalid", "Nummer ist ungültig"),
    "mode_http_429": ("provider: too many requests", "Anbieter: zu viele Anfragen"),
    "mode_http_500": ("provider: error", "Anbieter: Fehler"),
    "mode_timeout_after_acceptance": ("provider: accepts but never says so", "Anbieter: nimmt an, antwortet nicht"),
    "mode_slow": ("provider: slow", "Anbieter: langsam"),
}


def language(accept_language: str) -> str:
    """German where the browser names it before English, else English."""
    first = re.search(r"\b(de|en)\b", accept_language.lower())
    return first.group(1) if first else "en"


def texts(lang: str) -> dict[str, str]:
    return {name: pair[lang == "de"] for name, pair in _TEXTS.items()}


def modes(words: dict[str, str]) -> list[tuple[str, str]]:
    return [(mode, words[f"mode_{mode}"]) for mode in MODES]
