"""What is known about the last attempts to get a certificate: a small file that the web process reads as well."""

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pasteur_site.certificates import served
from pasteur_site.certificates.errors import COSTS_NOTHING, CertificateError

#: Seconds until the next attempt after the first failures in a row. Let's Encrypt allows five failed proofs of a name
#: within an hour.
_PAUSES = (60.0, 300.0, 900.0, 3_600.0)
#: For failures that no limit counts: the first pause, doubled each time, and the longest one.
_FREE_PAUSE, _MAX_FREE_PAUSE = 10.0, 600.0


@dataclass(frozen=True)
class State:
    """The authority of the certificate in use, and the failures since it was issued, with the last one's reason."""

    directory: str = ""
    failures: int = 0
    code: str = ""
    summary: str = ""
    advice: str = ""
    detail: str = ""
    failed_at: datetime | None = None
    retry_at: datetime | None = None
    mailed_at: datetime | None = None

    def after(self, error: CertificateError, now: datetime) -> "State":
        """Return the state after one more failure."""
        failures = self.failures + 1
        return replace(
            self,
            failures=failures,
            code=error.code,
            summary=error.summary,
            advice=error.advice,
            detail=error.detail,
            failed_at=now,
            retry_at=now + timedelta(seconds=_pause(error, failures)),
        )


def read() -> State:
    """Return the stored state; an empty one if there is none, or it cannot be read."""
    try:
        values = json.loads(_file().read_text(encoding="utf-8"))
        times = {name: _time(values[name]) for name in values if name.endswith("_at")}
        state = State(**values | times)
        is_sound = all(isinstance(getattr(state, field.name), str | int | datetime | None) for field in fields(state))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return State()
    return state if is_sound else State()


def write(state: State) -> None:
    """Store a state. Raises OSError."""
    served.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _file().with_suffix(".new")
    draft.write_text(json.dumps(asdict(state), default=datetime.isoformat), encoding="utf-8")
    draft.replace(_file())


def _file() -> Path:
    return served.folder() / "state.json"


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value).astimezone(UTC) if value else None


def _pause(error: CertificateError, failures: int) -> float:
    if error.code in COSTS_NOTHING:
        return min(_FREE_PAUSE * 2.0 ** min(failures - 1, 10), _MAX_FREE_PAUSE)
    if error.code == "rate_limit":
        return max(_PAUSES[-1], error.retry_seconds)
    return _PAUSES[min(failures, len(_PAUSES)) - 1]
