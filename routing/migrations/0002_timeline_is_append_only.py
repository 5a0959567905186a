"""The timeline is append-only: the database refuses to change or delete an entry."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION timeline_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'the timeline is append-only' USING ERRCODE = 'integrity_constraint_violation';
            END $$;
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON routing_timelineentry
                FOR EACH ROW EXECUTE FUNCTION timeline_refuse_change();
            """,
            "DROP TRIGGER append_only ON routing_timelineentry; DROP FUNCTION timeline_refuse_change();",
        )
    ]
