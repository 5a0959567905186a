from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0007_letters"),
    ]

    operations = [
        migrations.AddField(
            model_name="incident",
            name="project_unsure",
            field=models.BooleanField(
                default=False,
                help_text="the reporter did not know which; somebody will",
                verbose_name="project not certain",
            ),
        ),
    ]
