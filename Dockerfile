# One image for every process of the portal; docker-compose.yml says which runs what.
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    STATIC_ROOT=/srv/static \
    MEDIA_ROOT=/srv/media

RUN useradd --system --create-home --home-dir /srv --uid 10001 direktdraht \
    && install --directory --owner=direktdraht --mode=0700 /srv/media
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY manage.py ./
COPY portal portal
COPY matrix matrix
COPY oncall oncall
COPY routing routing
COPY templates templates
COPY static static
COPY locale locale

# The settings insist on values that this step does not use; they do not get into the image.
RUN SECRET_KEY=unused DATABASE_URL=postgres:///unused python manage.py collectstatic --noinput --verbosity 0

USER direktdraht
EXPOSE 8000
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=2", "--threads=8", \
     "--worker-tmp-dir=/dev/shm", "--no-control-socket", "portal.wsgi"]
