"""Makes, lists and revokes API tokens."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pastes.access import api_tokens
from pastes.models import SCOPES, ApiToken
from pastes.storage import clock

_LASTING = re.compile(r"(\d{1,4})([hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


class Command(BaseCommand):
    """`manage.py api_token`."""

    help = "Make, list and revoke the API tokens of programs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be done, and with which options."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a token, and print its secret on standard output, this once")
        create.add_argument("name", help="what it is for")
        create.add_argument("--scope", action="append", choices=SCOPES, required=True, help="may be repeated")
        create.add_argument("--expires", metavar="TIME", help="such as 12h, 30d, 4w or 1y; without it, never")
        create.add_argument("--owner", metavar="USER", help="an account, whose tokens change each other's pastes")
        create.add_argument("--limit-create", default="", metavar="RATES", help="such as 100/hour, or off")
        create.add_argument("--limit-read", default="", metavar="RATES", help="such as 20/second, or off")
        listed = actions.add_parser("list", help="show what there is, without secrets")
        listed.add_argument("--json", action="store_true", help="as a JSON list")
        revoke = actions.add_parser("revoke", help="let a token open nothing from now on")
        revoke.add_argument("number", type=int, help="as `list` shows it")

    def handle(self, *, action: str, **options: Any) -> None:
        """Do it."""
        if action == "create":
            self._create(**options)
        elif action == "list":
            self._list(**options)
        else:
            self._revoke(**options)

    def _create(self, *, name: str, scope: list[str], expires: str | None, owner: str | None, **options: Any) -> None:
        facts = {limit: options[limit] for limit in ("limit_create", "limit_read")}
        if owner is not None:
            users = get_user_model()
            facts["owner"] = users.objects.filter(**{users.USERNAME_FIELD: owner}).first()
            if facts["owner"] is None:
                raise CommandError(f"there is no account called {owner}")
        try:
            secret, token = api_tokens.make(name=name, scopes=scope, expires_at=_ending(expires), **facts)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"Token {token.pk}, {token}: {', '.join(token.scopes)}. This is its secret; it is not kept:")
        self.stdout.write(secret)

    def _list(self, **options: Any) -> None:
        tokens = ApiToken.objects.select_related("owner").order_by("pk")
        facts = [_facts(token) for token in tokens]
        if options["json"]:
            self.stdout.write(json.dumps(facts, indent=2))
            return
        for one in facts:
            self.stdout.write(f"{one['number']:>4}  {one['state']:<8}  {','.join(one['scopes']):<20}  {one['name']}")

    def _revoke(self, *, number: int, **options: Any) -> None:
        token = ApiToken.objects.filter(pk=number).first()
        if token is None:
            raise CommandError(f"there is no token {number}")
        self.stdout.write(f"Token {number} {'is revoked' if api_tokens.revoke(token) else 'was revoked already'}.")


def _ending(text: str | None) -> datetime | None:
    if text is None:
        return None
    match = _LASTING.fullmatch(text)
    if match is None or not int(match[1]):
        raise CommandError("--expires must be a number and h, d, w or y, such as 30d")
    return timezone.now() + timedelta(hours=int(match[1]) * _HOURS[match[2]])


def _facts(token: ApiToken) -> dict[str, Any]:
    expired = token.expires_at is not None and token.expires_at <= clock.now()
    moments = {name: getattr(token, name) for name in ("created_at", "expires_at", "revoked_at", "last_used_at")}
    return {
        "number": token.pk,
        "name": token.name,
        "state": "revoked" if token.revoked_at else "expired" if expired else "valid",
        "scopes": token.scopes,
        "owner": token.owner.get_username() if token.owner else None,
        "limit_create": token.limit_create,
        "limit_read": token.limit_read,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
