"""The site's URLs. Fixed paths come before keys and are all shorter than keys."""

from django.contrib import admin
from django.urls import include, path

from gitsync.inbound import webhook
from gitsync.monitoring import views
from pastes import urls as pastes_urls
from pastes.web.create import or_upload
from pasteur_site import readiness

handler400 = "pastes.web.errors.bad_request"
handler403 = "pastes.web.errors.forbidden"
handler404 = "pastes.web.errors.not_found"
handler500 = "pastes.web.errors.server_error"

admin.site.site_header = "Pasteur"
admin.site.site_title = "Pasteur"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("readyz", or_upload(readiness.readyz), name="readyz"),
    path("metrics", or_upload(views.numbers), name="metrics"),
    path("hooks/git", webhook.receive_push, name="hook"),
    path("", include(pastes_urls)),
]
