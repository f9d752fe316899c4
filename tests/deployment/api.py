"""The deployed HTTP API, as a client asks it."""

import json
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

from waiting import eventually


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    headers: dict[str, str]
    text: str

    def data(self, status: int = 200) -> Any:
        """The answer's data, once its status is as expected."""
        assert self.status == status, f"{self.status} instead of {status}: {self.text}"
        return json.loads(self.text)["data"]


@dataclass(frozen=True)
class Api:
    """The API at an address, asked by somebody: anybody, without a token."""

    url: str
    token: str | None = None

    def by(self, token: str) -> "Api":
        """The same, asked by whom the token is for."""
        return Api(self.url, token)

    def get(self, path: str, **headers: str) -> Answer:
        """Reads."""
        return self._persist("GET", path, None, headers)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Writes, under an idempotency key."""
        return self._persist("POST", path, body, {"idempotency-key": key or str(uuid.uuid4())})

    def delete(self, path: str, version: str) -> Answer:
        """Removes what is at the version that was seen."""
        return self._persist("DELETE", path, None, {"if-match": version})

    def preflight(self, path: str, origin: str) -> Answer:
        """What a browser asks before it lets a page of `origin` post."""
        return self.ask("OPTIONS", path, None, {"origin": origin, "access-control-request-method": "POST"})

    def _persist(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        """Sends a request again for as long as the API says to come back: on a busy machine, or if there were too many in
        this minute."""

        def answered() -> Answer | None:
            answer = self.ask(method, path, body, headers)
            return None if answer.status in (429, 503) else answer

        return eventually(f"{method} {path} is answered", answered)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Sends any request, once."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers or {}, method=method)
        if data is not None:
            request.add_header("content-type", "application/json")
        if self.token is not None:
            request.add_header("authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return read(answer)
        except urllib.error.HTTPError as refusal:
            return read(refusal)


def read(answer: Any) -> Answer:
    """Takes an answer off the wire."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status, headers, answer.read().decode())
