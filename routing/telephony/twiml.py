"""What a called phone hears, as TwiML; in the language that is active."""

from collections.abc import Sequence

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, VoiceResponse

from routing.paging import messages
from routing.paging.messages import Matter

VOICES = {"de": "de-DE", "en": "en-GB"}
KEY_SECONDS = 8
"""How long a key is waited for."""


def page_call(found: Sequence[Matter], *, name: str, key_url: str) -> str:
    """A page: who and what, said twice, and what the keys do. Who took it, where nobody's answer is wanted."""
    asking = [matter for matter in found if matter.asks]
    if asking:
        what = messages.spoken(asking, name=name)
        return _asking([what, messages.keys(asking), what, messages.keys(asking)], key_url)
    informing = [matter for matter in found if matter.informs]
    if informing:
        what = messages.spoken(informing, name=name)
        return goodbye([what, _("For your information, no answer needed."), what])
    return goodbye([messages.spoken_stand_down(matter) for matter in found])


def keys_again(found: Sequence[Matter], *, key_url: str) -> str:
    """Only what the keys do, for whoever pressed another one or none."""
    asking = [matter for matter in found if matter.asks]
    if asking:
        return _asking([messages.keys(asking)], key_url)
    return goodbye([messages.spoken_stand_down(matter) for matter in found])


def goodbye(sentences: Sequence[str]) -> str:
    """Say something and hang up."""
    response = VoiceResponse()
    _say(response, [*sentences, _("Goodbye.")])
    response.hangup()
    return str(response)


def _asking(sentences: Sequence[str], key_url: str) -> str:
    response = VoiceResponse()
    # No key ends the input, so that star and hash arrive as digits.
    gather = Gather(num_digits=1, action=key_url, timeout=KEY_SECONDS, action_on_empty_result=True, finish_on_key="")
    _say(gather, sentences)
    response.append(gather)
    return str(response)


def _say(verb: VoiceResponse | Gather, sentences: Sequence[str]) -> None:
    language = VOICES[(get_language() or "en")[:2]]
    for sentence in sentences:
        verb.say(sentence, language=language)


def reply(text: str) -> str:
    """The answer to a text; an empty one sends nothing."""
    response = MessagingResponse()
    if text:
        response.message(text)
    return str(response)
