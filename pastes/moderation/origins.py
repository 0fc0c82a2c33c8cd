"""The network addresses that pastes came from, stored for PASTEUR_KEEP_ADDRESSES days, or by default not at all."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from pastes.access import client_address
from pastes.access.request_context import current
from pastes.models import Origin, Paste


def origin_of_new_paste(sender: object, paste: Paste, **kwargs: Any) -> list[Origin]:
    """Handle paste_published: return an unsaved origin to be stored together with the paste."""
    address = _address()
    return [Origin(paste=paste, address=address, created_at=paste.created_at)] if address else []


def update_origin(sender: object, paste: Paste, **kwargs: Any) -> None:
    """Handle paste_revised: record the origin of the last edit."""
    if address := _address():
        values = {"address": address, "created_at": timezone.now()}
        Origin.objects.update_or_create(paste=paste, defaults=values)


def delete_expired() -> None:
    """Delete addresses older than PASTEUR_KEEP_ADDRESSES days."""
    lifetime = timedelta(days=settings.PASTEUR_KEEP_ADDRESSES)
    Origin.objects.filter(created_at__lte=timezone.now() - lifetime).delete()


def _address() -> str:
    """Return the caller's network as used for rate limits, or an empty string if it is local or must not be stored."""
    context = current.get()
    if context is None or not settings.PASTEUR_KEEP_ADDRESSES:
        return ""
    network = client_address.network(context.address)
    return "" if client_address.is_local(network) else network
