from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("health", "0002_limits")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO limits SELECT 'outside', current_setting('lock_timeout')::int", ""
        ),
    ]
