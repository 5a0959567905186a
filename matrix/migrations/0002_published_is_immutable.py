"""A published version never changes: the database refuses, whoever asks."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION matrix_version_published(version bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM matrix_matrixversion WHERE id = version AND published_at IS NOT NULL)
$$;

CREATE FUNCTION matrix_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version bigint;
BEGIN
    IF TG_TABLE_NAME = 'matrix_matrixversion' THEN
        version := OLD.id;
    ELSIF TG_TABLE_NAME = 'matrix_step' THEN
        SELECT version_id INTO version FROM matrix_cell
            WHERE id = CASE WHEN TG_OP = 'INSERT' THEN NEW.cell_id ELSE OLD.cell_id END;
    ELSIF TG_OP = 'INSERT' THEN
        version := NEW.version_id;
    ELSE
        version := OLD.version_id;
    END IF;
    IF matrix_version_published(version) THEN
        RAISE EXCEPTION 'a published matrix version is immutable' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
"""

CONTENT = ("matrix_priorityterms", "matrix_reporting", "matrix_cell", "matrix_step")

TRIGGERS = """
CREATE TRIGGER published_is_immutable BEFORE UPDATE OR DELETE ON matrix_matrixversion
    FOR EACH ROW EXECUTE FUNCTION matrix_refuse_change();
""" + "".join(
    f"""
CREATE TRIGGER published_is_immutable BEFORE INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION matrix_refuse_change();
"""
    for table in CONTENT
)

REVERSE = (
    "".join(f"DROP TRIGGER published_is_immutable ON {table};" for table in ("matrix_matrixversion", *CONTENT))
    + "DROP FUNCTION matrix_refuse_change(); DROP FUNCTION matrix_version_published(bigint);"
)


class Migration(migrations.Migration):
    dependencies = [("matrix", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, REVERSE)]
