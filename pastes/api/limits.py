"""The site's languages and limits, which clients can check before sending a paste."""

from django.conf import settings
from django.http import HttpRequest

from pastes.access.caller_rates import rate_of
from pastes.api.common import Router, response_schemas
from pastes.api.schemas import LanguageOut, LimitsOut, RatesOut
from pastes.lifecycle.draft import MAX_FILES
from pastes.models import AUTHOR_LENGTH, COMMENT_LENGTH, NAME_BYTES, TITLE_LENGTH, Visibility
from pastes.rules import languages, lifetimes

router = Router(tags=["limits"])

_ERRORS = frozenset({400, 401, 422, 429, 503})


@router.get("/languages", response=response_schemas(200, list[LanguageOut], _ERRORS))
def all_languages(request: HttpRequest) -> list[LanguageOut]:
    """List the languages that files can have."""
    return [
        LanguageOut(
            name=language.name,
            label=language.label,
            aliases=list(language.aliases),
            extensions=list(language.extensions),
        )
        for language in languages.LANGUAGES.values()
    ]


@router.get("/limits", response=response_schemas(200, LimitsOut, _ERRORS))
def limits(request: HttpRequest) -> LimitsOut:
    """Return the limits and choices for pastes, and the caller's rate limits."""
    return LimitsOut(
        max_bytes=settings.PASTEUR_MAX_BYTES,
        max_files=MAX_FILES,
        title_length=TITLE_LENGTH,
        author_length=AUTHOR_LENGTH,
        comment_length=COMMENT_LENGTH,
        name_bytes=NAME_BYTES,
        expires=list(lifetimes.LIFETIMES),
        visibility=list(Visibility.values),
        rates=RatesOut(**{action: rate_of(action) for action in RatesOut.model_fields}),
    )
