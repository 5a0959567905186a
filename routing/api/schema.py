"""The OpenAPI document, and a page to read it and try it out."""

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


class Schema(SpectacularAPIView):
    """Public: it describes, and holds nothing of anybody."""

    authentication_classes = []
    permission_classes = [AllowAny]


# Swagger UI brings styles of its own inside the page; its script comes from its own address.
@method_decorator(csp_update({"style-src": "'unsafe-inline'"}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    authentication_classes = []
    permission_classes = [AllowAny]
    url_name = "api-schema"
