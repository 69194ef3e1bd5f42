from django.db import migrations

from backend.core.postgresql.operations import ValidateConstraint


class Migration(migrations.Migration):
    dependencies = [("health", "0003_constraint")]

    operations = [ValidateConstraint("note", "note_rank_positive")]
