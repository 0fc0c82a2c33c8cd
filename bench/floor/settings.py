"""A minimal Django site, with one app, two views and no middleware, on the same gunicorn and database as Pasteur."""

from pasteur_site.settings import *  # noqa: F403  (the same settings for gunicorn and the database)

INSTALLED_APPS = ["bench.floor"]
MIDDLEWARE = []
TEMPLATES = []
ROOT_URLCONF = "bench.floor.urls"
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
