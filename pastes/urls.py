"""The URLs of the pastes app."""

from django.urls import path, register_converter

from pastes.api import api, root
from pastes.dialects import dpaste, dpaste_com, gist, hastebin, pinnwand
from pastes.rules.keys import KeyConverter
from pastes.web import (
    create,
    edit,
    embed,
    errors,
    gone,
    health,
    landing,
    language_selector,
    lists,
    oembed,
    paste,
    report,
    revisions,
    terminal,
)

register_converter(KeyConverter, "key")

urlpatterns = [
    path("", create.home, name="home"),
    path("api/v1/", root, name="api"),
    path("api/v1/", api.urls),  # First, because resolving the URL is a significant part of the cost of a read.
    path("recent", create.or_upload(lists.recent), name="recent"),
    path("recent.atom", create.or_upload(lists.feed), name="feed"),
    path("by/", lists.by_author, name="author_named"),
    path("by/<path:name>", lists.by_author, name="author"),
    path("search", create.or_upload(lists.search), name="search"),
    path("oembed", create.or_upload(oembed.oembed), name="oembed"),
    path("mine", create.or_upload(edit.mine), name="mine"),
    path("language", create.or_upload(errors.not_found, POST=language_selector.choose), name="language"),
    path("help.txt", create.or_upload(terminal.help_text), name="help"),
    path("pastebin.d/pasteur.conf", terminal.pastebinit, name="pastebinit"),
    path("client", create.or_upload(terminal.client), name="client"),
    path("healthz", create.or_upload(health.healthz), name="healthz"),
    path("api/v1/paste", pinnwand.create, name="pinnwand"),
    path("api/v1/paste/<str:name>", pinnwand.show, name="pinnwand_paste"),
    path("api/v1/lexer", pinnwand.lexer, name="pinnwand_lexer"),
    path("api/v1/expiry", pinnwand.expiry, name="pinnwand_expiry"),
    path("curl", create.or_upload(errors.not_found, POST=pinnwand.curl), name="pinnwand_curl"),
    path("remove/<str:token>", pinnwand.remove, name="pinnwand_remove"),
    path("api/v2/", dpaste_com.create, name="dpaste_com"),
    path("api/v2", dpaste_com.create),
    path("api/v3/gists", gist.create, name="gists"),
    path("api/v3/gists/<str:name>", gist.detail, name="gist"),
    path("api/", dpaste.create, name="dpaste"),
    path("api", create.or_upload(errors.not_found, POST=dpaste.create)),
    path("documents", create.or_upload(errors.not_found, POST=hastebin.create), name="documents"),
    path("documents/<str:name>", hastebin.document, name="document"),
    path("raw/<str:name>", hastebin.raw, name="hastebin_raw"),
    path("<key:key>", create.or_upload(paste.page, DELETE=paste.delete), name="paste"),
    path("<key:key>/raw", paste.raw, name="raw"),
    path("<key:key>/raw/<str:name>", paste.raw, name="raw_file"),
    path("<key:key>/download/<str:name>", paste.download, name="download"),
    path("<key:key>/burn", paste.burn, name="burn"),
    path("<key:key>/zip", paste.all_files, name="zip"),
    path("<key:key>/revisions", revisions.compare, name="revisions"),
    path("<key:key>/revisions/<int:number>", revisions.page, name="revision"),
    path("<key:key>/revisions/<int:number>/raw", revisions.raw, name="revision_raw"),
    path("<key:key>/revisions/<int:number>/raw/<str:name>", revisions.raw, name="revision_raw_file"),
    path("<key:key>/embed", embed.page, name="embed"),
    path("<key:key>/embed.js", embed.script, name="embed_script"),
    path("<key:key>/edit", edit.edit, name="edit"),
    path("<key:key>/delete", edit.delete, name="delete"),
    path("<key:key>/fork", edit.fork, name="fork"),
    path("<key:key>/created", landing.page, name="created"),
    path("<key:key>/gone", gone.page, name="gone"),
    path("<key:key>/report", report.report, name="report"),
    path("<str:name>", create.or_upload(paste.old_page), name="upload"),
]
