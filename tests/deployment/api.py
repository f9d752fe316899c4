"""HTTP client of the deployed API."""

import json
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

from polling import eventually


@dataclass(frozen=True)
class Response:
    """Response of the API."""

    status: int
    headers: dict[str, str]
    text: str

    def data(self, status: int = 200) -> Any:
        """Checks the status and returns the `data` of the body."""
        assert self.status == status, f"{self.status} instead of {status}: {self.text}"
        return json.loads(self.text)["data"]


@dataclass(frozen=True)
class Api:
    """The API at a base URL, called with an access token or anonymously."""

    url: str
    token: str | None = None

    def with_token(self, token: str) -> "Api":
        """The same API, called with this access token."""
        return Api(self.url, token)

    def get(self, path: str, **headers: str) -> Response:
        """Sends a GET request."""
        return self._send_until_accepted("GET", path, None, headers)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Response:
        """Sends a POST request with an idempotency key."""
        return self._send_until_accepted("POST", path, body, {"idempotency-key": key or str(uuid.uuid4())})

    def delete(self, path: str, version: str) -> Response:
        """Deletes a resource if it still has this version."""
        return self._send_until_accepted("DELETE", path, None, {"if-match": version})

    def preflight(self, path: str, origin: str) -> Response:
        """Sends the CORS preflight request of a POST from `origin`."""
        return self.send("OPTIONS", path, None, {"origin": origin, "access-control-request-method": "POST"})

    def _send_until_accepted(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Response:
        """Repeats a request while the API responds with 429 or 503."""

        def accepted() -> Response | None:
            response = self.send(method, path, body, headers)
            return None if response.status in (429, 503) else response

        return eventually(f"{method} {path} is accepted", accepted)

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Response:
        """Sends a request once."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers or {}, method=method)
        if data is not None:
            request.add_header("content-type", "application/json")
        if self.token is not None:
            request.add_header("authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return parse(response)
        except urllib.error.HTTPError as error:
            return parse(error)


def parse(response: Any) -> Response:
    """Converts a response of `urllib`."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status, headers, response.read().decode())
