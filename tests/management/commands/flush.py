"""Replaces Django's `flush`, which pytest-django calls after each test that commits.

Django's own takes 90 ms, because it also deletes and recreates all permissions and content types. They are the same in
all tests, so this command keeps them.
"""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.db import connections, transaction

KEPT = {Permission._meta.db_table, ContentType._meta.db_table}


class Command(flush.Command):
    """Empty the tables that tests write to."""

    help = "Delete all rows but those of permissions and content types."

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        connection = connections[alias]
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            for table in sorted({*tables} - KEPT):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
