"""Create, list and revoke API tokens."""

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

_DURATION = re.compile(r"(\d{1,4})([hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


class Command(BaseCommand):
    """`manage.py api_token`."""

    help = "Create, list and revoke API tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser(
            "create", help="create a token and print its secret on standard output; it is not stored"
        )
        create.add_argument("name", help="its purpose")
        create.add_argument("--scope", action="append", choices=SCOPES, required=True, help="may be repeated")
        create.add_argument("--expires", metavar="TIME", help="such as 12h, 30d, 4w or 1y; default: never")
        create.add_argument("--owner", metavar="USER", help="an account; its tokens can change each other's pastes")
        create.add_argument("--limit-create", default="", metavar="RATES", help="such as 100/hour, or off")
        create.add_argument("--limit-read", default="", metavar="RATES", help="such as 20/second, or off")
        list_parser = actions.add_parser("list", help="list all tokens, without secrets")
        list_parser.add_argument("--json", action="store_true", help="print a JSON list")
        revoke = actions.add_parser("revoke", help="revoke a token")
        revoke.add_argument("number", type=int, help="as shown by `list`")

    def handle(self, *, action: str, **options: Any) -> None:
        if action == "create":
            self._create(**options)
        elif action == "list":
            self._list(**options)
        else:
            self._revoke(**options)

    def _create(self, *, name: str, scope: list[str], expires: str | None, owner: str | None, **options: Any) -> None:
        fields = {limit: options[limit] for limit in ("limit_create", "limit_read")}
        if owner is not None:
            users = get_user_model()
            fields["owner"] = users.objects.filter(**{users.USERNAME_FIELD: owner}).first()
            if fields["owner"] is None:
                raise CommandError(f"there is no account called {owner}")
        try:
            secret, token = api_tokens.create(name=name, scopes=scope, expires_at=_expiry(expires), **fields)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"Token {token.pk}, {token}: {', '.join(token.scopes)}. Its secret, which is not stored, is:")
        self.stdout.write(secret)

    def _list(self, **options: Any) -> None:
        tokens = ApiToken.objects.select_related("owner").order_by("pk")
        rows = [_row(token) for token in tokens]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            self.stdout.write(f"{row['number']:>4}  {row['state']:<8}  {','.join(row['scopes']):<20}  {row['name']}")

    def _revoke(self, *, number: int, **options: Any) -> None:
        token = ApiToken.objects.filter(pk=number).first()
        if token is None:
            raise CommandError(f"there is no token {number}")
        self.stdout.write(
            f"Token {number} {'has been revoked' if api_tokens.revoke(token) else 'was already revoked'}."
        )


def _expiry(text: str | None) -> datetime | None:
    if text is None:
        return None
    match = _DURATION.fullmatch(text)
    if match is None or not int(match[1]):
        raise CommandError("--expires must be a number and h, d, w or y, such as 30d")
    return timezone.now() + timedelta(hours=int(match[1]) * _HOURS[match[2]])


def _row(token: ApiToken) -> dict[str, Any]:
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
