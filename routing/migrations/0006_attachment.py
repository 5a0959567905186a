import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import routing.attachments.models


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0005_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="key")),
                (
                    "file",
                    models.FileField(
                        max_length=120, upload_to=routing.attachments.models.place_of, verbose_name="file"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("size", models.PositiveIntegerField(verbose_name="size (bytes)")),
                ("public", models.BooleanField(default=False, verbose_name="public")),
                ("uploaded_at", models.DateTimeField(verbose_name="uploaded at")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="routing.incident",
                        verbose_name="incident",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "attachment",
                "verbose_name_plural": "attachments",
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=("file",), name="attachment_file_once")],
            },
        ),
    ]
