"""Human-readable dates and times."""

from datetime import datetime

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext


def utc(moment: datetime) -> str:
    """Format a date and time in the language of the page."""
    # Translators: how a day and a time are written, https://docs.djangoproject.com/en/5.2/ref/templates/builtins/#date
    form = gettext("j F Y, H:i")
    return f"{date_format(moment, form)} UTC"
