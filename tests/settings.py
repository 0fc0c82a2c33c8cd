"""The site's own settings, with a data folder and a database that are deleted at the end of the run.

TEST_DATABASE=postgresql runs the tests on a PostgreSQL server that is started for them.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# All folders of the tests and their servers are in memory if there is room: on a disk, a test that commits
# spends a third of its time waiting for the disk.
_memory = Path("/dev/shm")
if "TMPDIR" not in os.environ and _memory.is_dir() and shutil.disk_usage(_memory).free > 2 * 1024**3:
    os.environ["TMPDIR"] = tempfile.tempdir = str(_memory)

_folder = tempfile.mkdtemp(prefix="pasteur-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
for _name in [name for name in os.environ if name.startswith(("PASTEUR_", "GITSYNC_"))]:
    del os.environ[_name]
os.environ["PASTEUR_DATA_DIR"] = _folder

if os.environ.get("TEST_DATABASE") == "postgresql":
    from tests.servers.postgresql import PostgreSQL

    _server = PostgreSQL()
    atexit.register(_server.stop)
    _server.start()
    os.environ["DATABASE_URL"] = _server.url
else:
    os.environ["DATABASE_URL"] = f"sqlite:///{_folder}/tests.sqlite3"

from pasteur_site.settings import *  # noqa: E402, F403  (after the environment is set)
from pasteur_site.settings import DATABASES, INSTALLED_APPS, STORAGES  # noqa: E402  (the same, by name)

# A file, not memory: threads of one test share it like processes share the real one.
_is_sqlite = os.environ["DATABASE_URL"].startswith("sqlite")
DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3" if _is_sqlite else "pasteur_test"}
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests"]  # For its `flush` command.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
