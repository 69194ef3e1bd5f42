from django.db import migrations, models

from backend.users import emails


def fill(apps, schema_editor):
    """Case-fold as the model does; the database's LOWER would fold otherwise."""
    User = apps.get_model("users", "User")
    changed = []
    for user in User.objects.only("email", "first_name", "last_name").iterator(chunk_size=1000):
        parts = (user.email, user.first_name, user.last_name)
        user.search_text = "\x1f".join(part.casefold().replace("\x1f", " ") for part in parts)
        changed.append(user)
        if len(changed) == 1000:
            User.objects.bulk_update(changed, ["search_text"])
            changed.clear()
    User.objects.bulk_update(changed, ["search_text"])


def create_index(apps, schema_editor):
    """A trigram index finds a substring without reading every row; only PostgreSQL has one."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        schema_editor.execute(
            "CREATE INDEX users_user_search_text_trgm"
            " ON users_user USING gin (search_text gin_trgm_ops)"
        )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS users_user_search_text_trgm")


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]

    operations = [
        migrations.AlterField(
            "user",
            "email",
            models.CharField(
                error_messages={"unique": "An account with this email address exists already."},
                max_length=254,
                unique=True,
                validators=[emails.validate],
                verbose_name="email address",
            ),
        ),
        migrations.AddField("user", "search_text", models.TextField(default="", editable=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(create_index, drop_index),
    ]
