"""The storage of static files."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types.
    """Hashed and compressed static files. `import` statements in scripts refer to the hashed names."""

    support_js_module_import_aggregation = True
