"""What goes wrong at the gateway, in the shape in which OpenAI's API tells it."""

from typing import Any, Final


class ApiError(Exception):
    """An answer with ``{"error": {...}}``. No message quotes what was sent."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        """``code`` is a word; ``param`` names the field that is wrong."""
        super().__init__(message)
        self.status, self.code, self.param = status, code, param

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        kind = _KINDS.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


_KINDS: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


def unsupported(param: str, why: str) -> ApiError:
    """A field that would change the answer, and is not done here: refused, so that nobody is misled."""
    return ApiError(400, "unsupported_parameter", f"{param}: {why}", param)
