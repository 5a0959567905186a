import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0006_attachment"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[
                    ("page", "page"),
                    ("stand_down", "stand-down"),
                    ("reminder", "reminder"),
                    ("code", "verification code"),
                    ("test", "test"),
                    ("letter", "letter"),
                ],
                default="page",
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.CreateModel(
            name="MailText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="recipient")),
                ("subject", models.CharField(max_length=400, verbose_name="subject")),
                ("body", models.TextField(verbose_name="text")),
                ("calendar", models.TextField(blank=True, verbose_name="calendar")),
                (
                    "delivery",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mail_text",
                        to="routing.delivery",
                        verbose_name="delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "letter",
                "verbose_name_plural": "letters",
            },
        ),
    ]
