"""Users of the deployed marketplace."""

import time
from typing import Any

from api import Api, Response
from polling import eventually

PASSWORD = "correct horse battery staple"
CARD = "pm_card_visa"
TOKEN_MAX_AGE = 600.0
"""Seconds after which a user logs in again. Access tokens expire after 900."""


class User:
    """An account that logs in again before its access token expires."""

    def __init__(self, id: str, email: str, api: Api) -> None:
        self.id = id
        self.email = email
        self._anonymous = api
        self._login: tuple[float, Api] | None = None

    @staticmethod
    def register(api: Api, name: str) -> "User":
        """Registers an account."""
        email = f"{name}@example.com"
        account = api.post("/v1/auth/register", {"email": email, "password": PASSWORD, "name": name}).data(
            201
        )
        return User(account["id"], email, api)

    def at(self, api: Api) -> "User":
        """The same account, at an API with another URL."""
        return User(self.id, self.email, api)

    @property
    def api(self) -> Api:
        """The API, called as this user."""
        now = time.monotonic()
        if self._login is None or now - self._login[0] > TOKEN_MAX_AGE:
            account = {"email": self.email, "password": PASSWORD}
            token = self._anonymous.post("/v1/auth/login", account).data()["accessToken"]
            self._login = (now, self._anonymous.with_token(token))
        return self._login[1]

    def create_product(self, stock: int) -> str:
        """Creates a market with one product, and returns the product's id."""
        mug = {"sku": "MUG-1", "title": "Mug", "price": {"amount": 1999, "currency": "EUR"}, "stock": stock}
        market = {"name": "Mugs and more", "currency": "EUR", "products": [mug]}
        created = self.api.post("/v1/markets", market).data(201)
        [product] = self.api.get(f"/v1/markets/{created['id']}/products").data()
        return product["id"]

    def place_order(self, product: str, card: str | None = CARD, key: str | None = None) -> dict[str, Any]:
        """Orders one unit of a product."""
        order: dict[str, Any] = {"items": [{"productId": product, "quantity": 1}]}
        if card is not None:
            order["paymentMethod"] = card
        return self.api.post("/v1/orders", order, key).data(201)

    def get_order(self, order: dict[str, Any]) -> dict[str, Any]:
        """Current state of an order."""
        return self.api.get(f"/v1/orders/{order['id']}").data()

    def wait_for_order(self, order: dict[str, Any], status: str) -> dict[str, Any]:
        """Waits until an order has this status."""

        def poll() -> dict[str, Any] | None:
            current = self.get_order(order)
            return current if current["status"] == status else None

        return eventually(f"order {order['id']} is {status}", poll)

    def wait_for_dead_letter(self, status: str) -> dict[str, Any]:
        """Waits for the only dead letter of the fulfilment queue with this status."""

        def poll() -> list[dict[str, Any]] | None:
            return self.api.get(f"/v1/dead-letters?queue=fulfilment&status={status}").data() or None

        [dead_letter] = eventually(f"a dead letter is {status}", poll)
        return dead_letter

    def redrive(self, dead_letter: dict[str, Any]) -> Response:
        """Redrives a dead letter."""
        return self.api.post(f"/v1/dead-letters/{dead_letter['id']}/redrive")
