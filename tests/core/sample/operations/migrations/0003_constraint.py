from django.db import migrations, models

from backend.core.postgresql.operations import AddConstraintNotValid

CHECK = models.CheckConstraint(condition=models.Q(rank__gte=0), name="note_rank_positive")


class Migration(migrations.Migration):
    dependencies = [("health", "0002_index")]

    operations = [AddConstraintNotValid("note", CHECK)]
