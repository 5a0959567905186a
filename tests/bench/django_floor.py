"""The same bare INSERT as a view of Django behind the portal's middleware: what the framework itself costs."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from . import floor


@csrf_exempt
def insert(request: HttpRequest, address: str) -> HttpResponse:
    """Whatever the address, so that the requests of the intake can be sent here."""
    del address
    with connection.cursor() as cursor:
        cursor.execute(floor.INSERT, [request.body.decode()])
        cursor.fetchone()
    return HttpResponse(floor.ANSWER, content_type="application/json", status=202)


urlpatterns = [path("<path:address>", insert)]
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()
