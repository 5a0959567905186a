"""Somebody must always be able to administrate: the database refuses to take that from the last who can.

Whoever takes it from anybody holds the group's row until they commit, so of two administrators who remove each other
at the same moment the second finds that nobody else is left. Where nobody administrates yet, nothing is refused.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION portal_require_administrator() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM auth_group WHERE name = 'Administrators' FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT 1 FROM portal_person person
        WHERE person.is_active AND person.is_staff AND (
            person.is_superuser OR EXISTS (
                SELECT 1 FROM portal_person_groups held JOIN auth_group held_group ON held_group.id = held.group_id
                WHERE held.person_id = person.id AND held_group.name = 'Administrators'
            )
        )
    ) THEN
        RAISE EXCEPTION 'somebody must remain who can administrate'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'last_administrator';
    END IF;
END $$;

CREATE FUNCTION portal_person_stays_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.is_active AND OLD.is_staff AND (
        OLD.is_superuser OR EXISTS (
            SELECT 1 FROM portal_person_groups held JOIN auth_group held_group ON held_group.id = held.group_id
            WHERE held.person_id = OLD.id AND held_group.name = 'Administrators'
        )
    ) THEN
        PERFORM portal_require_administrator();
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION portal_group_keeps_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM auth_group WHERE id = OLD.group_id AND name = 'Administrators')
        AND EXISTS (SELECT 1 FROM portal_person WHERE id = OLD.person_id AND is_active AND is_staff)
    THEN
        PERFORM portal_require_administrator();
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION portal_administrators_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM portal_require_administrator();
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER last_administrator AFTER UPDATE OF is_active, is_staff, is_superuser ON portal_person
    FOR EACH ROW
    WHEN (
        OLD.is_active AND NOT NEW.is_active OR OLD.is_staff AND NOT NEW.is_staff
        OR OLD.is_superuser AND NOT NEW.is_superuser
    )
    EXECUTE FUNCTION portal_person_stays_administrator();
CREATE TRIGGER last_administrator AFTER DELETE OR UPDATE ON portal_person_groups
    FOR EACH ROW EXECUTE FUNCTION portal_group_keeps_administrator();
CREATE TRIGGER last_administrator AFTER UPDATE OF name OR DELETE ON auth_group
    FOR EACH ROW WHEN (OLD.name = 'Administrators') EXECUTE FUNCTION portal_administrators_stay();
"""

REVERSE = """
DROP FUNCTION portal_person_stays_administrator() CASCADE;
DROP FUNCTION portal_group_keeps_administrator() CASCADE;
DROP FUNCTION portal_administrators_stay() CASCADE;
DROP FUNCTION portal_require_administrator();
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0011_master_data"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, REVERSE)]
