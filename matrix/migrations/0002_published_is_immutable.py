"""A published version never changes: the database refuses, whoever asks."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION matrix_any_published(versions bigint[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM matrix_matrixversion WHERE id = ANY (versions) AND published_at IS NOT NULL)
$$;

CREATE FUNCTION matrix_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- Both where a row stands and where it would go: a draft's row must not move into a published version.
    versions bigint[];
BEGIN
    IF TG_TABLE_NAME = 'matrix_matrixversion' THEN
        versions := ARRAY[OLD.id];
    ELSIF TG_TABLE_NAME = 'matrix_step' THEN
        SELECT array_agg(version_id) INTO versions FROM matrix_cell WHERE id IN (
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.cell_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.cell_id END
        );
    ELSE
        versions := ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_id END
        ];
    END IF;
    IF matrix_any_published(versions) THEN
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
    + "DROP FUNCTION matrix_refuse_change(); DROP FUNCTION matrix_any_published(bigint[]);"
)


class Migration(migrations.Migration):
    dependencies = [("matrix", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, REVERSE)]
