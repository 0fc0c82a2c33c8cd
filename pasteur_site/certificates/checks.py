"""System checks of the files that HTTPS by the site itself needs."""

import ssl
import stat
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from pasteur_site.certificates import tsig


def check_tsig_key(**kwargs: Any) -> Sequence[CheckMessage]:
    """pasteur_site.E003: the name server's key cannot be read, or every account can read it."""
    file = settings.CERTIFICATE.dns_key_file
    if not settings.PASTEUR_HTTPS or file is None:
        return []
    try:
        tsig.read(file)
        mode = stat.S_IMODE(file.stat().st_mode)
    except (ValueError, OSError) as error:
        message = f"PASTEUR_ACME_DNS_KEY_FILE: {file} {error}."
        return [Error(message, hint="Run: tsig-keygen pasteur > FILE", id="pasteur_site.E003")]
    if not mode & 0o007:
        return []
    message = f"PASTEUR_ACME_DNS_KEY_FILE: every account can open {file} (mode {mode:04o})."
    return [Error(message, hint=f"Run: chmod o= {file}", id="pasteur_site.E003")]


def check_ca_file(**kwargs: Any) -> Sequence[CheckMessage]:
    """pasteur_site.E004: the authority's root certificate cannot be read."""
    file = settings.CERTIFICATE.ca_file
    if not settings.PASTEUR_HTTPS or file is None:
        return []
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:  # TLS errors are such.
        reason = "it has no certificate in PEM format" if isinstance(error, ssl.SSLError) else error.strerror
        message = f"PASTEUR_ACME_CA_FILE: cannot use {file}: {reason}."
        return [Error(message, hint="Set it to the authority's root certificate.", id="pasteur_site.E004")]
    return []
