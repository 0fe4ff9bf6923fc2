"""One error tree. Every error carries a stable code, what went wrong, where, and what to do next.

GeminiVideoError
├── InvalidInput            a brief, file, row, request or setting that cannot be used
├── NotFound                absent, or somebody else's: both answer alike
├── Conflict                the thing changed since it was read, or the key was used for something else
├── Refused                 a guard said no
│   ├── NotPermitted        this principal may not
│   ├── CapExceeded         a spend cap would be broken, or could not be evaluated
│   ├── AccountStopped      the kill switch is pulled
│   ├── ApprovalExpired     nobody answered in time: no
│   └── Drifted             the platform no longer shows what the approval was based on
├── PlatformError           an advertising or CRM platform answered, or did not
│   ├── PlatformAuth
│   ├── PlatformPermission
│   ├── PlatformInvalid
│   ├── PlatformThrottled   carries `retry_at`
│   ├── PlatformTransient
│   └── OutcomeUnknown      a write was sent and no answer came: read back, never retry blindly
├── ModelError              a language model's reply that cannot be used
├── RenderError             ffmpeg or a voice failed
│   └── RenderCancelled     somebody asked it to stop
└── StorageError            the database, the asset store or the disk
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class GeminiVideoError(Exception):
    """Base of every error that we raise on purpose."""

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        advice = f" {self.fix}" if self.fix else ""
        return f"{self.what}{place}.{advice}" if advice else f"{self.what}{place}"


class InvalidInput(GeminiVideoError):
    """Input that cannot be used as given."""

    code = "invalid_input"
    http_status = 422
    exit_code = 2


class NotFound(GeminiVideoError):
    """No such thing in this account."""

    code = "not_found"
    http_status = 404
    exit_code = 3


class Conflict(GeminiVideoError):
    """The thing is no longer in the state that the request assumed."""

    code = "conflict"
    http_status = 409
    exit_code = 4


class Refused(GeminiVideoError):
    """A guard said no."""

    code = "refused"
    http_status = 403
    exit_code = 5


class NotPermitted(Refused):
    """This principal may not do that."""

    code = "not_permitted"


class CapExceeded(Refused):
    """A cap would be broken, or could not be evaluated."""

    code = "cap_exceeded"


class AccountStopped(Refused):
    """The account's kill switch is pulled."""

    code = "account_stopped"


class ApprovalExpired(Refused):
    """The approval was not given in time."""

    code = "approval_expired"
    http_status = 409


class Drifted(Refused):
    """The platform's state is not the one that was approved against."""

    code = "drifted"
    http_status = 409


class PlatformError(GeminiVideoError):
    """A platform's answer that is not a success."""

    code = "platform_error"
    http_status = 502
    exit_code = 6


class PlatformAuth(PlatformError):
    """The access token is missing, expired or revoked."""

    code = "platform_auth"


class PlatformPermission(PlatformError):
    """The token is good but may not do this."""

    code = "platform_permission"


class PlatformInvalid(PlatformError):
    """The platform refused the request's content."""

    code = "platform_invalid"


class PlatformThrottled(PlatformError):
    """Too many calls; `retry_at` (UTC) says when to come back, if the platform told."""

    code = "platform_throttled"
    http_status = 503

    def __init__(self, what: str, *, where: str = "", fix: str = "", retry_at: datetime | None = None) -> None:
        super().__init__(what, where=where, fix=fix)
        self.retry_at = retry_at


class PlatformTransient(PlatformError):
    """A passing fault of a read, or of a write that certainly did not happen."""

    code = "platform_transient"
    http_status = 503


class OutcomeUnknown(PlatformError):
    """A write was sent and its outcome is not known."""

    code = "outcome_unknown"


class ModelError(GeminiVideoError):
    """A language model's reply could not be used."""

    code = "model_error"
    http_status = 502
    exit_code = 7

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        fix: str = "",
        outcome: str = "invalid",
        tokens_in: int = 0,
        tokens_out: int = 0,
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.outcome = outcome
        """refusal, empty, truncated, invalid, auth, bad_request, throttled, unavailable or timeout."""
        self.tokens_in = tokens_in
        self.tokens_out = tokens_out
        """What the failed attempts cost."""


class RenderError(GeminiVideoError):
    """A render, voice or media step failed."""

    code = "render_error"
    exit_code = 8


class RenderCancelled(RenderError):
    """Somebody asked the render to stop; nothing of it is left."""

    code = "render_cancelled"


class StorageError(GeminiVideoError):
    """The database, the asset store or the disk failed."""

    code = "storage_error"
    http_status = 507
    exit_code = 9
