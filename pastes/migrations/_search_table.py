"""The full-text index for pastes/search/index.py on each database. Django has no model for either."""


def create(apps, schema_editor):
    """Create the table: FTS5 on SQLite, a tsvector with a GIN index on PostgreSQL."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(
            "CREATE VIRTUAL TABLE pastes_search USING fts5(language, title, author, body,"
            " detail=column, tokenize='ascii')"
        )
    else:
        schema_editor.execute("CREATE TABLE pastes_search (id bigint PRIMARY KEY, words tsvector NOT NULL)")
        schema_editor.execute("CREATE INDEX pastes_search_words ON pastes_search USING gin (words)")


def drop(apps, schema_editor):
    """Drop the table."""
    schema_editor.execute("DROP TABLE pastes_search")
