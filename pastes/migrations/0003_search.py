"""The index of words (searching.py), in what each database has for it, filled with the pastes that are there."""

from django.db import migrations

from pastes import searching


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(
            "CREATE VIRTUAL TABLE pastes_search USING fts5(language, title, author, body,"
            " detail=column, tokenize='ascii')"
        )
    else:
        schema_editor.execute("CREATE TABLE pastes_search (id bigint PRIMARY KEY, words tsvector NOT NULL)")
        schema_editor.execute("CREATE INDEX pastes_search_words ON pastes_search USING gin (words)")


def fill(apps, schema_editor):
    listed = apps.get_model("pastes", "Paste").objects.filter(visibility="public", state="published", burn=False)
    File = apps.get_model("pastes", "File")
    for paste in listed.iterator(chunk_size=100):
        files = list(File.objects.filter(revision__paste=paste, revision__number=paste.head).order_by("position"))
        texts = [] if paste.encrypted else [file.content for file in files]
        languages = {file.language for file in files}
        body = [*(file.name for file in files), *texts]
        searching.write(paste.pk, searching.entry(paste.title, paste.author, languages, body))


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE pastes_search")


class Migration(migrations.Migration):

    dependencies = [
        ('pastes', '0002_edit_tokens'),
    ]

    operations = [
        migrations.RunPython(create, drop),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
