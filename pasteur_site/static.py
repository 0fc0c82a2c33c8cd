"""Static files under hashed names, the modules that our scripts import included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types.
    """What Django and WhiteNoise do together, with `import` statements pointing to hashed names as well."""

    support_js_module_import_aggregation = True
