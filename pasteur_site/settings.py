"""The settings. Those in docs/settings.md can be changed with environment variables; all others are fixed."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from pastes.access import audiences
from pastes.limits import rates
from pasteur_site import logs
from pasteur_site.configuration import https, mail, services
from pasteur_site.configuration.environment import Environment
from pasteur_site.configuration.secret_keys import secret_keys

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(os.environ)
_HOST = r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])"

# Folder, address and secrets.
DATA_DIR = env.folder("PASTEUR_DATA_DIR", BASE_DIR / "var")
PASTEUR_HTTPS = env.flag("PASTEUR_HTTPS")
HOST = env.text("HOST", https.all_addresses() if PASTEUR_HTTPS else "127.0.0.1")
PORT = env.integer("PORT", 80 if PASTEUR_HTTPS else 8000, minimum=1, maximum=65535)
HTTPS_PORT = env.integer("HTTPS_PORT", 443, minimum=1, maximum=65535)
if PASTEUR_HTTPS and PORT == HTTPS_PORT:
    env.reject("HTTPS_PORT", "must differ from PORT, where the site answers the authority and redirects to HTTPS")
IS_LOCAL = HOST in {"localhost", "::1"} or HOST.startswith("127.")
_form = "a scheme, a host and perhaps a path, such as https://paste.example.org or https://example.org/paste"
_path = r"(/[A-Za-z0-9_][A-Za-z0-9._~-]*)*"
PASTEUR_URL = env.text("PASTEUR_URL", pattern=rf"https?://{_HOST}(:[0-9]+)?{_path}/*", form=_form).rstrip("/")
PASTEUR_URL = env.url("PASTEUR_URL", PASTEUR_URL, schemes={"http", "https"}, form=_form)
_url_host = urlsplit(PASTEUR_URL).hostname
#: The path of PASTEUR_URL. Requests must not change it, because Django caches URL prefixes per process.
FORCE_SCRIPT_NAME = urlsplit(PASTEUR_URL).path
_origin = PASTEUR_URL.removesuffix(FORCE_SCRIPT_NAME)
_names = [_url_host or HOST] if IS_LOCAL else [HOST, _url_host or HOST]
CERTIFICATE = https.certificate(env, PASTEUR_URL, is_on=PASTEUR_HTTPS)
if PASTEUR_HTTPS:  # A leading dot means all subdomains, as the wildcard does.
    _names += [name.removeprefix("*") for name in CERTIFICATE.names[1:]]
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", *_names])
if "*" in ALLOWED_HOSTS:
    env.reject("ALLOWED_HOSTS", "list the host names of this site; * would allow any name")
_allowed_host = r"\*|\.?[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9a-fA-F:]+\]|[0-9a-fA-F:]*:[0-9a-fA-F:]*"
for _name in ALLOWED_HOSTS:
    if not re.fullmatch(_allowed_host, _name):
        env.reject("ALLOWED_HOSTS", f"must be host names without scheme and port, not {_name[:50]!r}")

DEBUG = env.flag("DEBUG")
if DEBUG and (not IS_LOCAL or PASTEUR_URL):
    env.reject(
        "DEBUG", "shows secrets to visitors; it is allowed only if HOST is a loopback address without PASTEUR_URL"
    )

SECRET_KEY, SECRET_KEY_FALLBACKS = secret_keys(env, DATA_DIR)
PASTEUR_WEB_PROCESSES = env.integer("PASTEUR_WEB_PROCESSES", 2, minimum=1, maximum=64)
PASTEUR_WEB_THREADS = env.integer("PASTEUR_WEB_THREADS", 8, minimum=1, maximum=256)

# Monitoring.
PASTEUR_READY_SECONDS = env.seconds("PASTEUR_READY_SECONDS", maximum=30 * 86_400)
PASTEUR_METRICS_TOKEN = env.secret("PASTEUR_METRICS_TOKEN")
if PASTEUR_METRICS_TOKEN and not re.fullmatch(r"[!-~]{16,}", PASTEUR_METRICS_TOKEN):
    env.reject("PASTEUR_METRICS_TOKEN", "must be at least 16 random characters without spaces")

# Appearance and sizes.
PASTEUR_TITLE = env.text("PASTEUR_TITLE", "Pasteur")
PASTEUR_SUBTITLE = env.text("PASTEUR_SUBTITLE", "Paste text, get a link, keep it in Git.")
PASTEUR_NOTICE = env.text("PASTEUR_NOTICE")
PASTEUR_FOOTER = env.text("PASTEUR_FOOTER")
PASTEUR_LOGO = env.text("PASTEUR_LOGO")
_logo_path = r"/(?:[A-Za-z0-9_][A-Za-z0-9._~%-]*/)*[A-Za-z0-9_][A-Za-z0-9._~%-]*"
if PASTEUR_LOGO and not re.fullmatch(_logo_path, PASTEUR_LOGO.removeprefix(_origin)):
    env.reject("PASTEUR_LOGO", "must be the path of an image on this site, such as /static/logo.svg")
PASTEUR_MAX_BYTES = env.integer("PASTEUR_MAX_BYTES", 524_288, minimum=1, maximum=64 * 1024 * 1024)
PASTEUR_KEY_LENGTH = env.integer("PASTEUR_KEY_LENGTH", 10, minimum=8, maximum=32)
# What the form for a new paste has selected. The lifetimes are those of pastes/rules/lifetimes.py, whose labels need
# settings.
_lifetimes = ["never", "10m", "1h", "1d", "1w", "30d", "1y"]
PASTEUR_DEFAULT_EXPIRES = env.text(
    "PASTEUR_DEFAULT_EXPIRES", "never", pattern="|".join(_lifetimes), form=f"one of {', '.join(_lifetimes)}"
)
PASTEUR_DEFAULT_VISIBILITY = env.text(
    "PASTEUR_DEFAULT_VISIBILITY", "unlisted", pattern="unlisted|public", form="unlisted or public"
)
#: The maximum size of a request body: JSON may need six bytes for each byte of a paste, plus room for other fields.
PASTEUR_MAX_BODY_BYTES = 6 * PASTEUR_MAX_BYTES + 256 * 1024

# Protocols of other pastebins (pastes/dialects/).
_dialects = ["first", "hastebin", "dpaste", "dpaste.com", "pinnwand", "privatebin", "rustypaste"]
_dialects += ["sprunge", "ix", "pastebinit", "gist"]
PASTEUR_DIALECTS = [] if env.text("PASTEUR_DIALECTS") == "off" else env.words("PASTEUR_DIALECTS", _dialects)
if _unknown := set(PASTEUR_DIALECTS) - set(_dialects):
    env.reject("PASTEUR_DIALECTS", f"must be off or a list of {', '.join(_dialects)}, not {min(_unknown)[:50]!r}")

# Permissions (pastes/access/permissions.py).
PASTEUR_MAY_CREATE = env.text("PASTEUR_MAY_CREATE", "anyone")
PASTEUR_MAY_READ = env.text("PASTEUR_MAY_READ", "anyone")
PASTEUR_MAY_LIST = env.text("PASTEUR_MAY_LIST", PASTEUR_MAY_READ)
for _name in ("PASTEUR_MAY_CREATE", "PASTEUR_MAY_READ", "PASTEUR_MAY_LIST"):
    try:
        audiences.parse(env.text(_name) or "anyone")
    except ValueError as error:
        env.reject(_name, str(error))

# Rate limits for each client address (pastes/middleware/rate_limits.py).
PASTEUR_PROXIES = env.integer("PASTEUR_PROXIES", 0, minimum=0, maximum=10)
PASTEUR_LIMIT_CREATE = env.text("PASTEUR_LIMIT_CREATE", "10/minute burst 5, 200/day")
PASTEUR_LIMIT_READ = env.text("PASTEUR_LIMIT_READ", "120/minute")
PASTEUR_LIMIT_DELETE = env.text("PASTEUR_LIMIT_DELETE", "20/hour")
PASTEUR_LIMIT_REPORT = env.text("PASTEUR_LIMIT_REPORT", "5/hour, 20/day")
PASTEUR_LIMIT_LOGIN = env.text("PASTEUR_LIMIT_LOGIN", "10/15 minutes")
for _name in ("CREATE", "READ", "DELETE", "REPORT", "LOGIN"):
    try:
        rates.parse(globals()[f"PASTEUR_LIMIT_{_name}"])
    except ValueError as error:
        env.reject(f"PASTEUR_LIMIT_{_name}", str(error))

# How many days to store the address that a paste came from (pastes/moderation/origins.py).
PASTEUR_KEEP_ADDRESSES = env.integer("PASTEUR_KEEP_ADDRESSES", 0, minimum=0, maximum=365)

# Mail about reports (pastes/moderation/report_mail.py).
PASTEUR_MODERATORS = mail.addresses(env, "PASTEUR_MODERATORS")
PASTEUR_EMAIL_FROM = (mail.addresses(env, "PASTEUR_EMAIL_FROM") or [f"pasteur@{_url_host or 'localhost'}"])[0]
_server = mail.server(env, "PASTEUR_EMAIL_URL")
EMAIL_HOST, EMAIL_PORT = _server.host, _server.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _server.user, _server.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _server.starts_tls, _server.is_tls
EMAIL_TIMEOUT = 20

# The mirror. gitsync/checks.py checks whether these settings fit together.
GITSYNC_REMOTE = env.text("GITSYNC_REMOTE")
GITSYNC_IS_DEFAULT_REMOTE = not GITSYNC_REMOTE
if GITSYNC_IS_DEFAULT_REMOTE:
    GITSYNC_REMOTE = str(DATA_DIR / "mirror.git")
GITSYNC_BRANCH = env.text("GITSYNC_BRANCH", "main")
_git_host = r"([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\])"
_web_path = r"[^\s\x00-\x1f<>\"'{}]*"
GITSYNC_WEB_URL = env.text(
    "GITSYNC_WEB_URL",
    pattern=rf"off|https?://{_git_host}(:[0-9]+)?/{_web_path}\{{commit\}}{_web_path}",
    form="off or a URL such as https://git.example.org/team/pastes/commit/{commit}",
)
_clone_path = r"[A-Za-z0-9._~%+/-]+"  # Shown on pages as part of a shell command.
GITSYNC_CLONE_URL = env.text(
    "GITSYNC_CLONE_URL",
    pattern=rf"off|((https?|git)://|ssh://([\w.-]+@)?){_git_host}(:[0-9]+)?/{_clone_path}|[\w.-]+@{_git_host}:{_clone_path}",
    form="off or an address for `git clone` without a password",
)
GITSYNC_SSH_KEY_FILE = env.path("GITSYNC_SSH_KEY_FILE") or DATA_DIR / "deploy_key"
GITSYNC_SSH_SEED = env.seed("GITSYNC_SSH_SEED")
GITSYNC_SSH_KNOWN_HOSTS_FILE = env.path("GITSYNC_SSH_KNOWN_HOSTS_FILE") or DATA_DIR / "known_hosts"
_fingerprint = r"SHA256:[A-Za-z0-9+/]{43}"
env.text(
    "GITSYNC_SSH_HOST_FINGERPRINT",
    pattern=rf"{_fingerprint}(\s*,\s*{_fingerprint})?[\s,]*",
    form="one or two comma-separated fingerprints: SHA256: and 43 characters",
)
GITSYNC_SSH_HOST_FINGERPRINT = env.words("GITSYNC_SSH_HOST_FINGERPRINT")
GITSYNC_HTTP_USER = env.text("GITSYNC_HTTP_USER", "git")
GITSYNC_HTTP_TOKEN = env.secret("GITSYNC_HTTP_TOKEN")
GITSYNC_HTTP_PROXY = env.text(
    "GITSYNC_HTTP_PROXY",
    pattern=rf"(https?|socks5h?)://{_git_host}(:[0-9]+)?/?",
    form="the address of a proxy without a password, such as http://proxy.example.org:3128",
)
GITSYNC_HTTP_CA_FILE = env.path("GITSYNC_HTTP_CA_FILE")
_email = r"[A-Za-z0-9._+{}-]+@[A-Za-z0-9][A-Za-z0-9.-]*"
GITSYNC_COMMITTER_NAME = env.text(
    "GITSYNC_COMMITTER_NAME",
    "Pasteur",
    pattern=r"[^\s<>\x00-\x1f.,:;\"'\\][^<>\x00-\x1f\\\"]*",
    form="a name without < and >",
)
GITSYNC_COMMITTER_EMAIL = env.text("GITSYNC_COMMITTER_EMAIL", pattern=_email.replace("{}", ""), form="an email address")
GITSYNC_AUTHOR_EMAIL = env.text(
    "GITSYNC_AUTHOR_EMAIL",
    pattern=_email.replace("[A-Za-z0-9._+{}-]+", r"([A-Za-z0-9._+-]|\{name\})+"),
    form="an email address, with {name} for the name of the author",
)
GITSYNC_SIGN_OFF = env.flag("GITSYNC_SIGN_OFF")
GITSYNC_PUSH_INTERVAL = env.seconds("GITSYNC_PUSH_INTERVAL", maximum=86_400)
GITSYNC_READ_BACK = env.flag("GITSYNC_READ_BACK", default=True)
GITSYNC_FETCH_INTERVAL = env.seconds("GITSYNC_FETCH_INTERVAL", maximum=86_400)
GITSYNC_HOOK_SECRET = env.secret("GITSYNC_HOOK_SECRET")
if GITSYNC_HOOK_SECRET and len(GITSYNC_HOOK_SECRET) < 16:
    env.reject("GITSYNC_HOOK_SECRET", "must be at least 16 characters")
GITSYNC_EMBARGO = env.integer("GITSYNC_EMBARGO", 0, minimum=0, maximum=30 * 86_400)
GITSYNC_MIRROR_EXPIRING = env.flag("GITSYNC_MIRROR_EXPIRING")
GITSYNC_HOLD_SECRETS = env.flag("GITSYNC_HOLD_SECRETS", default=True)
#: The worker's clone: a cache that may be deleted at any time.
GITSYNC_CLONE_DIR = DATA_DIR / "clone.git"

# Database, cache and broker. Admin sessions are only cached if all processes share a cache.
DATABASES = {"default": services.database(env, DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": services.cache(env), "pages": services.page_cache()}
SESSION_ENGINE = f"django.contrib.sessions.backends.{'cached_db' if 'LOCATION' in CACHES['default'] else 'db'}"

# Celery only wakes the worker. It may lose messages, since the actual queue is the outbox table.
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = services.broker(env, DATA_DIR)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 2
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "pasteur_site.processes.beat:ClockScheduler"
CELERY_BEAT_SCHEDULE = {
    "maintain": {"task": "gitsync.tasks.maintain", "schedule": 1_800.0, "options": {"expires": 1_800}},
    "tell": {"task": "pasteur_site.tasks.notify_moderators", "schedule": 10.0, "options": {"expires": 10}},
    "erase": {"task": "pasteur_site.tasks.erase_expired", "schedule": 60.0, "options": {"expires": 60}},
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "pasteur_site.static.StaticFiles",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "ninja",
    "pastes",
    "gitsync",
    "pasteur_site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pasteur_site.middleware.ResponseHeadersMiddleware",
    "pasteur_site.middleware.PageCompressionMiddleware",
    "pastes.middleware.page_language.PageLanguageMiddleware",
    "pastes.middleware.cors.CorsMiddleware",
    "pastes.middleware.errors.ErrorMiddleware",
    "pastes.middleware.caller.CallerMiddleware",
    "pastes.middleware.rate_limits.RateLimitMiddleware",
    "pastes.middleware.errors.ApiHeadMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pasteur_site.middleware.AdminSessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "pasteur_site.middleware.AdminAuthenticationMiddleware",
    "pasteur_site.middleware.AdminMessageMiddleware",
]

ROOT_URLCONF = "pasteur_site.urls"
WSGI_APPLICATION = "pasteur_site.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = ["bootstrap5"]
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Requests. Larger bodies are refused before they are read (pasteur_site/web_server/, pastes/http/request_body.py).
DATA_UPLOAD_MAX_MEMORY_SIZE = PASTEUR_MAX_BODY_BYTES
FILE_UPLOAD_MAX_MEMORY_SIZE = PASTEUR_MAX_BODY_BYTES

# Security headers and cookies.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        # Strings can only become markup or script URLs through the policies in page/worker.js and markdown/render.js.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["pasteur", "pasteur-markdown"],
    }
}
IS_HTTPS = PASTEUR_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [_origin] if _origin else []
CSRF_COOKIE_PATH = SESSION_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{FORCE_SCRIPT_NAME}/"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "pastes.web.errors.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PASTEUR_PROXIES else None
PASTEUR_HSTS_SECONDS = env.integer("PASTEUR_HSTS_SECONDS", 31_536_000, minimum=0, maximum=10 * 31_536_000)
SECURE_HSTS_SECONDS = PASTEUR_HSTS_SECONDS if IS_HTTPS else 0
# A reverse proxy redirects http:// to https://, so a plain request that arrives here is a health check (W008). HSTS for
# subdomains (W005) and preload lists (W021) are up to the owner of the domain.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
if IS_LOCAL and not IS_HTTPS:
    # With plain HTTP on a loopback address, secure cookies would prevent logging in.
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W012", "security.W016"]

# Static files, served by the web process.
STATIC_URL = f"{FORCE_SCRIPT_NAME}/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "pasteur_site.static.StaticStorage"},
}

# Source maps are for developers, who rarely ask for them: compressing these takes longer than all other files together.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "png", "gz", "br"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = logs.CONFIG

env.finish()
