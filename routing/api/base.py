"""What every view of the API shares: who asks, in which zone and language they read, and how much they may send."""

import zoneinfo
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView

from portal.models import Person


class BearerToken(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """A personal token in `Authorization: Bearer …`; one that is no text is an invalid token, not an error of ours."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """One query by the token's hash, which tells nothing about any token by how long it takes."""
        found = None
        if token.isascii():
            tokens = AuthToken.objects.select_related("user")
            found = tokens.filter(digest=hash_token(token.decode())).exclude(expiry__lte=timezone.now()).first()
        if found is None:
            raise exceptions.AuthenticationFailed(_("Invalid token."))
        return self.validate_user(found)


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = BearerToken
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        del auto_schema
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix="Bearer")  # noqa: S106 -- the name of the scheme


class BodyTooLarge(exceptions.APIException):
    """The body is over `DATA_UPLOAD_MAX_MEMORY_SIZE` (413)."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body is too large.")
    default_code = "too_large"


class JsonBody(JSONParser):
    """JSON; what is nested deeper than Python can follow is not understood either."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError(_("The body is nested too deeply.")) from None


class ApiView(APIView):
    """Answers in the zone and language of the person who asks, by token or by session."""

    authentication_classes = [BearerToken, SessionAuthentication]
    parser_classes = [JsonBody]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        # Whoever the token names is known only inside; what `initial` activates must not outlive the request.
        with (
            timezone.override(timezone.get_current_timezone()),
            translation.override(translation.get_language()),
        ):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        try:
            _read = request._request.body  # the REST framework would read a body of any size
        except RequestDataTooBig:
            raise BodyTooLarge from None
        super().initial(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        if isinstance(request.user, Person):
            timezone.activate(zoneinfo.ZoneInfo(request.user.zone))
            if request.auth is not None and request.user.language:
                translation.activate(request.user.language)

    @property
    def reader(self) -> Person:
        """The person who asks; anonymous requests never come this far."""
        person = self.request.user
        assert isinstance(person, Person)  # noqa: S101 -- narrows the type
        return person
