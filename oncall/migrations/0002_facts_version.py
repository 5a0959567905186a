"""Changes of these tables change the version of what decisions are made from; see `portal/facts.py`."""

from django.db import migrations

TABLES = (
    "oncall_rota",
    "oncall_rotacoverage",
    "oncall_rotation",
    "oncall_rotationmember",
    "oncall_override",
    "oncall_absence",
)

TRIGGERS = "".join(
    f"""
CREATE TRIGGER facts_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION portal_facts_changed();
"""
    for table in TABLES
)

REVERSE = "".join(f"DROP TRIGGER IF EXISTS facts_changed ON {table};" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("oncall", "0001_initial"), ("portal", "0002_facts_version")]

    operations = [migrations.RunSQL(TRIGGERS, REVERSE)]
