"""What decisions are made from has a version: the database notes each change, whoever makes it.

A number comes from a sequence, so none is ever used twice, not even where a transaction was rolled back. One row per
table: changes of different tables do not wait for each other. See `portal/facts.py`.
"""

from django.db import migrations

VERSION = """
CREATE TABLE portal_factsversion (source name PRIMARY KEY, number bigint NOT NULL);
CREATE SEQUENCE portal_factschange;
CREATE FUNCTION portal_facts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO portal_factsversion VALUES (TG_TABLE_NAME, nextval('portal_factschange'))
        ON CONFLICT (source) DO UPDATE SET number = EXCLUDED.number;
    RETURN NULL;
END $$;
"""

TABLES = (
    "portal_supporthours",
    "portal_weeklyopening",
    "portal_datedopening",
    "portal_team",
    "portal_projectsupport",
    "portal_assignment",
    "portal_escalationmanager",
    "portal_installation",
)

# A login writes `last_login`, of which no fact depends.
PERSON = "email, name, language, zone, direct_line, mobile, function, working_hours_id, is_staff, is_active"

TRIGGERS = f"""
CREATE TRIGGER facts_changed AFTER INSERT OR UPDATE OF {PERSON} OR DELETE OR TRUNCATE ON portal_person
    FOR EACH STATEMENT EXECUTE FUNCTION portal_facts_changed();
""" + "".join(
    f"""
CREATE TRIGGER facts_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION portal_facts_changed();
"""
    for table in TABLES
)

REVERSE = """
DROP FUNCTION portal_facts_changed() CASCADE;
DROP SEQUENCE portal_factschange;
DROP TABLE portal_factsversion;
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [migrations.RunSQL(VERSION + TRIGGERS, REVERSE)]
