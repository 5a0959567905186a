"""Changes of these tables change the version of what decisions are made from; see `portal/facts.py`."""

from django.db import migrations

TABLES = (
    "matrix_matrix",
    "matrix_matrixversion",
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
    dependencies = [("matrix", "0002_published_is_immutable"), ("portal", "0002_facts_version")]

    operations = [migrations.RunSQL(TRIGGERS, REVERSE)]
