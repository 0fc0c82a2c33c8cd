"""The state of the site's programs, for the admin's index page."""

from django import template

from pasteur_site import readiness

register = template.Library()
register.simple_tag(readiness.failing_programs)
