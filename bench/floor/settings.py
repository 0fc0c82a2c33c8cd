"""The least that Django can be: one app, two views and no middleware, on the site's own gunicorn and database."""

from pasteur_site.settings import *  # noqa: F403  (what gunicorn and the database are told is the same)

INSTALLED_APPS = ["bench.floor"]
MIDDLEWARE = []
TEMPLATES = []
ROOT_URLCONF = "bench.floor.urls"
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
