from django.db import migrations, models

from backend.core.postgresql.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("health", "0001_note")]

    operations = [AddIndexConcurrently("note", models.Index(fields=["rank"], name="note_rank"))]
