import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.fields.json
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("routing", "0009_appointments")]

    operations = [
        migrations.AddIndex(
            model_name="incident",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.CombinedSearchVector(
                    django.contrib.postgres.search.SearchVector(
                        models.Func(
                            django.db.models.functions.text.Concat(
                                models.F("title"),
                                models.Value(" "),
                                models.F("description"),
                                output_field=models.TextField(),
                            ),
                            models.Value("./\\-_:;,@#=&?+~'\"()[]{}<>|"),
                            models.Value("                          "),
                            function="translate",
                            output_field=models.TextField(),
                        ),
                        config="german",
                    ),
                    "||",
                    django.contrib.postgres.search.SearchVector(
                        models.Func(
                            django.db.models.functions.text.Concat(
                                models.F("title"),
                                models.Value(" "),
                                models.F("description"),
                                output_field=models.TextField(),
                            ),
                            models.Value("./\\-_:;,@#=&?+~'\"()[]{}<>|"),
                            models.Value("                          "),
                            function="translate",
                            output_field=models.TextField(),
                        ),
                        config="english",
                    ),
                    django.contrib.postgres.search.SearchConfig("german"),
                ),
                name="incident_words",
            ),
        ),
        migrations.AddIndex(
            model_name="timelineentry",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.CombinedSearchVector(
                    django.contrib.postgres.search.SearchVector(
                        models.Func(
                            django.db.models.fields.json.KeyTextTransform("text", "data"),
                            models.Value("./\\-_:;,@#=&?+~'\"()[]{}<>|"),
                            models.Value("                          "),
                            function="translate",
                            output_field=models.TextField(),
                        ),
                        config="german",
                    ),
                    "||",
                    django.contrib.postgres.search.SearchVector(
                        models.Func(
                            django.db.models.fields.json.KeyTextTransform("text", "data"),
                            models.Value("./\\-_:;,@#=&?+~'\"()[]{}<>|"),
                            models.Value("                          "),
                            function="translate",
                            output_field=models.TextField(),
                        ),
                        config="english",
                    ),
                    django.contrib.postgres.search.SearchConfig("german"),
                ),
                condition=models.Q(("kind", "note"), ("public", True)),
                name="timeline_public_words",
            ),
        ),
    ]
