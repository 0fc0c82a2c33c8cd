"""`manage.py mirror_status`: report the status of the mirror, using only the database."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from gitsync.errors import MisconfiguredError
from gitsync.models import Mirror
from gitsync.monitoring import mirror_status
from gitsync.remote import addresses

#: The maximum number of keys to list; `--json` lists all.
_LISTED_KEYS = 20


class Command(BaseCommand):
    """Report what is pending, what was pushed, and what went wrong."""

    help = "Report the status of the mirror: pending changes, the last push, the last error with advice."
    requires_system_checks = []  # The command reports wrong settings itself.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        queue, purges = mirror_status.queue(), mirror_status.purges()
        current, problem = mirror_status.current(), _problem()
        mirrors = [mirror_status.of(current)] if current else []
        former = [mirror_status.of(row) for row in Mirror.objects.order_by("pk") if row != current]
        if options["json"]:
            report: dict[str, Any] = {"pending": queue.pending, "oldest_seconds": queue.oldest_seconds}
            report |= {"held": queue.embargoed, "set_aside": queue.rejected, "withheld": queue.on_secret_hold}
            report |= {"mirrors": [asdict(mirror) for mirror in mirrors]}
            report |= {"former": [asdict(mirror) for mirror in former], "settings": problem, "purges": asdict(purges)}
            self.stdout.write(json.dumps(report, cls=DjangoJSONEncoder))
        else:
            self.stdout.write(_queue_text(queue))
            if purges.keys:
                self.stdout.write(_purges_text(purges))
            if problem:
                self.stdout.write(f"GITSYNC_REMOTE: {problem}\n  advice     {MisconfiguredError.advice}")
            for mirror in mirrors:
                self.stdout.write(_branch_text(mirror))
            for mirror in former:
                self.stdout.write(f"former: {mirror.branch} of {mirror.remote}")
        if queue.rejected or purges.keys or problem or any(mirror.error_code or mirror.damage for mirror in mirrors):
            sys.exit(1)


def _problem() -> str:
    try:
        addresses.configured()
    except MisconfiguredError as error:
        return str(error)
    return ""


def _queue_text(queue: mirror_status.Queue) -> str:
    oldest = f", the oldest for {queue.oldest_seconds:.0f} s" if queue.pending else ""
    counts = f"{queue.embargoed} under embargo; {queue.rejected} rejected; {queue.on_secret_hold} on secret hold."
    return f"{queue.pending} changes pending{oldest}; {counts}"


def _purges_text(purges: mirror_status.Purges) -> str:
    keys = ", ".join(purges.keys[:_LISTED_KEYS]) + (
        f" and {more} more" if (more := len(purges.keys) - _LISTED_KEYS) > 0 else ""
    )
    lines = [f"{len(purges.keys)} purges pending, the oldest for {purges.oldest_seconds:.0f} s: {keys}"]
    if purges.error_code:
        retry = f", next try {purges.retry_at.isoformat(timespec='seconds')}" if purges.retry_at else ""
        lines.append(f"  error      {purges.error_code}{retry}")
        lines += [f"             {line}" for line in purges.error.splitlines()]
        lines.append(f"  advice     {purges.advice}")
    return "\n".join(lines)


def _branch_text(mirror: mirror_status.BranchStatus) -> str:
    lines = [f"{mirror.branch} of {mirror.remote}"]
    lines.append(f"  tip        {mirror.tip or 'no branch yet'}")
    lines.append(f"  last push  {mirror.arrived_at.isoformat(timespec='seconds') if mirror.arrived_at else 'none yet'}")
    if mirror.last_drain and mirror.drained_at:
        lines.append(f"  last drain {mirror.drained_at.isoformat(timespec='seconds')}: {mirror.last_drain}")
    if mirror.drain_began_at:
        lines.append(f"  draining   since {mirror.drain_began_at.isoformat(timespec='seconds')}")
    if mirror.damage:
        lines.append(f"  damage     {mirror.damage.splitlines()[0]}")
        lines.append(f"  advice     {mirror.damage_advice}")
    if mirror.error_code:
        retry = f", next try {mirror.retry_at.isoformat(timespec='seconds')}" if mirror.retry_at else ""
        lines.append(f"  error      {mirror.error_code}, {mirror.failures} in a row{retry}")
        lines += [f"             {line}" for line in mirror.error.splitlines()]
        lines.append(f"  advice     {mirror.advice}")
    return "\n".join(lines)
