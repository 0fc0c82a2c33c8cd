"""The index of words (searching.py) on PostgreSQL, in a form that answers what is asked of one field by itself."""

from importlib import import_module

from django.db import migrations

_fill = import_module("pastes.migrations.0003_search").fill


def renew(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        _fill(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ("pastes", "0080_erased_leave_the_index"),
    ]

    operations = [
        migrations.RunPython(renew, migrations.RunPython.noop),
    ]
