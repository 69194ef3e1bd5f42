from django.db import migrations

from backend.core.postgresql.operations import RemoveIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("health", "0004_validate")]

    operations = [RemoveIndexConcurrently("note", "note_rank")]
