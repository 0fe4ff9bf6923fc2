"""Errors in the Graph API's own shape and numbers."""

from __future__ import annotations

import hashlib
from typing import Any


class GraphError(Exception):
    """A refusal as the Graph API words it. `data` becomes `error_data`."""

    def __init__(
        self,
        message: str,
        *,
        code: int = 100,
        subcode: int | None = None,
        status: int = 400,
        kind: str = "OAuthException",
        transient: bool = False,
        title: str = "",
        advice: str = "",
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.subcode, self.status = message, code, subcode, status
        self.kind, self.transient, self.title, self.advice, self.data = kind, transient, title, advice, data

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.data is not None:
            error["error_data"] = self.data
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        error["is_transient"] = self.transient
        if self.title:
            error["error_user_title"] = self.title
            error["error_user_msg"] = self.advice
        error["fbtrace_id"] = "A" + hashlib.sha256(self.message.encode()).hexdigest()[:22]
        return {"error": error}


_THROTTLES: dict[int, tuple[int, int | None, str]] = {
    4: (403, 1504022, "(#4) There have been too many calls from this app. Wait a bit and try again."),
    17: (400, 2446079, "(#17) User request limit reached"),
    32: (403, None, "(#32) Page request limit reached"),
    613: (400, 1487742, "(#613) There have been too many calls from this ad-account. Please wait a bit and try again."),
    80004: (400, 2446079, "(#80004) There have been too many calls to this ad-account. Wait a bit and try again."),
}
_OTHERS: dict[int, tuple[int, str]] = {
    1: (500, "An unknown error occurred"),
    2: (503, "Service temporarily unavailable"),
    190: (401, "Error validating access token: Session has expired."),
    200: (403, "(#200) Requires ads_management permission to manage the object."),
    341: (403, "(#341) Application limit reached"),
    368: (403, "(#368) The action attempted has been deemed abusive or is otherwise disallowed."),
}


def invalid(message: str, *, subcode: int | None = None, title: str = "", advice: str = "") -> GraphError:
    """Code 100: a parameter that cannot be used."""
    return GraphError(f"(#100) {message}", subcode=subcode, title=title, advice=advice)


def unknown_object(object_id: str) -> GraphError:
    """Code 100 subcode 33: no such object, or not visible to this token."""
    return GraphError(
        f"Unsupported request. Object with ID '{object_id[:40]}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation.",
        subcode=33,
        kind="GraphMethodException",
    )


def of_code(code: int, *, subcode: int | None = None) -> GraphError:
    """The usual body of a code, for faults that are planted."""
    if code in _THROTTLES:
        status, usual, message = _THROTTLES[code]
        return GraphError(message, code=code, subcode=subcode or usual, status=status)
    if code in _OTHERS:
        status, message = _OTHERS[code]
        usual = 463 if code == 190 else None
        return GraphError(message, code=code, subcode=subcode or usual, status=status, transient=code in (1, 2))
    return GraphError(f"(#{code}) Refused", code=code, subcode=subcode)
