"""What a client has to know before it pastes: languages and limits."""

from django.conf import settings
from django.http import HttpRequest

from pastes.access.caller_rates import rate_of
from pastes.api.common import Router, answering
from pastes.api.schemas import LanguageOut, LimitsOut, RatesOut
from pastes.lifecycle.draft import MAX_FILES
from pastes.models import AUTHOR_LENGTH, COMMENT_LENGTH, NAME_BYTES, TITLE_LENGTH, Visibility
from pastes.rules import languages, lifetimes

router = Router(tags=["choices"])

_ERRORS = frozenset({400, 401, 422, 429, 503})


@router.get("/languages", response=answering(200, list[LanguageOut], _ERRORS))
def all_languages(request: HttpRequest) -> list[LanguageOut]:
    """List the languages of texts."""
    return [
        LanguageOut(name=one.name, label=one.label, aliases=list(one.aliases), extensions=list(one.extensions))
        for one in languages.LANGUAGES.values()
    ]


@router.get("/limits", response=answering(200, LimitsOut, _ERRORS))
def limits(request: HttpRequest) -> LimitsOut:
    """Say how much there may be of everything."""
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
