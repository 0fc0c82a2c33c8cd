"""Fill a site, or the baseline, with pastes: `python -m bench.harness.seed 1000000`, run in its environment.

The rows are the same as after publishing and draining: a paste, its revision, its file, and a settled change. They are
inserted in bulk, since publishing a million pastes would take an hour.
"""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from pasteur_site.startup import load_settings

_BATCH = 2_000
_BYTES = 1_000


def main() -> None:
    load_settings()
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection, transaction

    is_floor = settings.INSTALLED_APPS == ["bench.floor"]
    numbers = iter(range(int(sys.argv[1])))
    while batch := list(islice(numbers, _BATCH)):
        with transaction.atomic():
            for rows in _floor(batch) if is_floor else _site(batch):
                type(rows[0]).objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _text(number: int) -> str:
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    return f"# paste {number}\n" + (digest * (1 + _BYTES // len(digest)))[:_BYTES]


def _floor(numbers: Sequence[int]) -> Iterator[Sequence[Any]]:
    from bench.floor.models import Row

    yield [Row(content=_text(number)) for number in numbers]


def _site(numbers: Sequence[int]) -> Iterator[Sequence[Any]]:
    from django.utils import timezone

    from gitsync.models import Change, Kind
    from pastes.models import File, Paste, Revision, blob_oid
    from pastes.rules import keys

    now = timezone.now()
    pastes = [Paste(key=keys.draw(), created_at=now, token_hash=f"{number:064x}") for number in numbers]
    yield pastes
    revisions = [Revision(paste=paste, number=1, created_at=now) for paste in pastes]
    yield revisions
    files = []
    for revision, number in zip(revisions, numbers, strict=True):
        text = _text(number)
        oid = blob_oid(text.encode())
        facts = {"content": text, "size_bytes": len(text), "oid": oid, "language": "python", "name": "a.py"}
        files.append(File(revision=revision, position=0, **facts))
    yield files
    settled = {"kind": Kind.PUBLISH, "number": 1, "settled_at": now, "commit": "0" * 40, "created_at": now}
    yield [Change(key=paste.key, **settled) for paste in pastes]


if __name__ == "__main__":
    main()
