"""People who use the deployed marketplace, and what they do there."""

import time
from typing import Any

from api import Answer, Api
from waiting import eventually

PASSWORD = "correct horse battery staple"
CARD = "pm_card_visa"
TOKEN_LASTS = 600.0
"""Seconds that a token is used for; it would be taken for 900."""


class Person:
    """Somebody with an account, who logs in again before their token expires."""

    def __init__(self, id: str, email: str, api: Api) -> None:
        self.id = id
        self.email = email
        self._anybody = api
        self._logged_in: tuple[float, Api] | None = None

    @staticmethod
    def register(api: Api, name: str) -> "Person":
        """Opens an account."""
        email = f"{name}@example.com"
        account = api.post("/v1/auth/register", {"email": email, "password": PASSWORD, "name": name}).data(201)
        return Person(account["id"], email, api)

    def at(self, api: Api) -> "Person":
        """The same person, at an API of another address."""
        return Person(self.id, self.email, api)

    @property
    def api(self) -> Api:
        """The API, asked by this person."""
        now = time.monotonic()
        if self._logged_in is None or now - self._logged_in[0] > TOKEN_LASTS:
            account = {"email": self.email, "password": PASSWORD}
            token = self._anybody.post("/v1/auth/login", account).data()["accessToken"]
            self._logged_in = (now, self._anybody.by(token))
        return self._logged_in[1]

    def opens_market(self, stock: int) -> str:
        """Opens a market with one product, which is given back."""
        mug = {"sku": "MUG-1", "title": "Mug", "price": {"amount": 1999, "currency": "EUR"}, "stock": stock}
        market = {"name": "Mugs and more", "currency": "EUR", "products": [mug]}
        opened = self.api.post("/v1/markets", market).data(201)
        [product] = self.api.get(f"/v1/markets/{opened['id']}/products").data()
        return product["id"]

    def orders(self, product: str, card: str | None = CARD, key: str | None = None) -> dict[str, Any]:
        """Orders one piece."""
        order: dict[str, Any] = {"items": [{"productId": product, "quantity": 1}]}
        if card is not None:
            order["paymentMethod"] = card
        return self.api.post("/v1/orders", order, key).data(201)

    def sees(self, order: dict[str, Any]) -> dict[str, Any]:
        """An order as it is now."""
        return self.api.get(f"/v1/orders/{order['id']}").data()

    def sees_become(self, order: dict[str, Any], status: str) -> dict[str, Any]:
        """The order, once it has that status."""

        def look() -> dict[str, Any] | None:
            seen = self.sees(order)
            return seen if seen["status"] == status else None

        return eventually(f"order {order['id']} is {status}", look)

    def sees_letter(self, status: str) -> dict[str, Any]:
        """The one dead letter of orders with that status, once there is one."""

        def look() -> list[dict[str, Any]] | None:
            return self.api.get(f"/v1/dead-letters?queue=fulfilment&status={status}").data() or None

        [letter] = eventually(f"a letter is {status}", look)
        return letter

    def redrives(self, letter: dict[str, Any]) -> Answer:
        """Has a dead letter tried again."""
        return self.api.post(f"/v1/dead-letters/{letter['id']}/redrive")
