from django.db import migrations

# WHEN keeps the function out of what is allowed. A setting that was never made is null, and one
# that has been taken back is empty: both are distinct from a purpose.
CREATE = """
    CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'security events are append-only'
            USING ERRCODE = 'insufficient_privilege';
    END
    $$;
    CREATE TRIGGER audit_append_only_update BEFORE UPDATE ON audit_securityevent FOR EACH ROW
        WHEN (current_setting('backend.audit_purpose', true) IS DISTINCT FROM 'erasure')
        EXECUTE FUNCTION audit_refuse_change();
    CREATE TRIGGER audit_append_only_delete BEFORE DELETE ON audit_securityevent FOR EACH ROW
        WHEN (current_setting('backend.audit_purpose', true) IS DISTINCT FROM 'purge')
        EXECUTE FUNCTION audit_refuse_change();
"""
DROP = """
    DROP TRIGGER IF EXISTS audit_append_only_update ON audit_securityevent;
    DROP TRIGGER IF EXISTS audit_append_only_delete ON audit_securityevent;
    DROP FUNCTION IF EXISTS audit_refuse_change();
"""


def create(apps, schema_editor):
    """The database itself refuses a change; only PostgreSQL, which production runs on, can be told when not to."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
