"""From where pastes came, for as long as the operator wants it to be known: not at all, unless a setting says so."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from pastes.access import client_address, request_context
from pastes.models import Origin, Paste


def origin_of_new_paste(sender: object, paste: Paste, **kwargs: Any) -> list[Origin]:
    """A new paste: where it comes from, to be stored together with it."""
    address = _address()
    return [Origin(paste=paste, address=address, created_at=paste.created_at)] if address else []


def update_origin(sender: object, paste: Paste, **kwargs: Any) -> None:
    """A new revision: what came last is what a moderator sees."""
    if address := _address():
        facts = {"address": address, "created_at": timezone.now()}
        Origin.objects.update_or_create(paste=paste, defaults=facts)


def delete_expired() -> None:
    """Erase the addresses whose time is over."""
    kept = timedelta(days=settings.PASTEUR_KEEP_ADDRESSES)
    Origin.objects.filter(created_at__lte=timezone.now() - kept).delete()


def _address() -> str:
    """Return from where the caller calls, as limits have it; empty when that is not to be kept, or here."""
    caller = request_context.caller()
    if caller is None or not settings.PASTEUR_KEEP_ADDRESSES:
        return ""
    address = client_address.address(caller.request)
    return "" if client_address.is_local(address) else address
