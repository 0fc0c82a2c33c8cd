"""The state of the site's programs and of its certificate, for the admin's index page."""

from django import template

from pasteur_site import readiness
from pasteur_site.certificates import status

register = template.Library()
register.simple_tag(readiness.failing_programs)
register.simple_tag(status.current, name="certificate_status")
