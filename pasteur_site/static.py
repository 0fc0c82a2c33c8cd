"""The selection and the storage of static files."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types.
    """Hashed and compressed static files. `import` statements in scripts refer to the hashed names."""

    support_js_module_import_aggregation = True


class StaticFiles(StaticFilesConfig):
    """Static files without Redoc, which Ninja includes; the API's documentation page uses Swagger UI."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc.*"]
