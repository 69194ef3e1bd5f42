from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("health", "0001_note")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE limits AS SELECT name, setting::int FROM pg_settings WHERE name IN
                ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout');
            SELECT pg_sleep(0.6);
            """,
            "DROP TABLE limits",
        ),
    ]
