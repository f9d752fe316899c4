"""A deployment from its first day to its last. The tests are one story, told in this order."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local_aws import LocalAws
from marketplace import Marketplace
from people import CARD, Person
from release import REPOSITORY, Release
from restore import adopt, restored
from sam import STACK
from waiting import eventually

PATHS = json.loads((REPOSITORY / "functions/api-meta/openapi.json").read_text())["paths"]


def test_the_template_is_deployed_as_it_is(marketplace: Marketplace, aws: LocalAws) -> None:
    resources = aws.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    unfinished = {r["LogicalResourceId"]: r["ResourceStatus"] for r in resources} if resources else {}
    assert set(unfinished.values()) == {"CREATE_COMPLETE"}, unfinished
    ready = eventually("all is ready", lambda: ok(marketplace.api().ask("GET", "/health/ready").status))
    assert ready


def test_every_path_leads_to_a_function(marketplace: Marketplace) -> None:
    api = marketplace.api()
    for path, operations in PATHS.items():
        wrong = next(method for method in ["PUT", "DELETE", "PATCH", "POST"] if method.lower() not in operations)
        answer = api.ask(wrong, path.replace("{", "").replace("}", ""))
        # Too many wrong requests in a minute are refused as such, but only where there is something.
        assert answer.status in (405, 429), f"{path} leads elsewhere: {answer}"
    assert api.ask("PUT", "/nowhere").status == 404


def test_browsers_may_call_from_the_configured_origin_only(marketplace: Marketplace) -> None:
    api = marketplace.api()
    allowed = api.preflight("/v1/orders", "http://localhost:3000")
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "access-control-allow-origin" not in api.preflight("/v1/orders", "http://elsewhere.example").headers


def test_an_order_is_charged_confirmed_and_confirmed_by_e_mail(
    marketplace: Marketplace, buyer: Person, product: str
) -> None:
    order = buyer.orders(product)
    confirmed = buyer.sees_become(order, "confirmed")
    charged = [intent for intent in marketplace.payments.ledger()["intents"] if order["id"] in json.dumps(intent)]
    assert len(charged) == 1, charged
    assert confirmed["total"] == {"amount": 1999, "currency": "EUR"}
    assert marketplace.letter_to(buyer.email, order["id"])


def test_an_order_without_a_card_is_confirmed_by_the_webhook_of_its_payment(
    marketplace: Marketplace, buyer: Person, product: str
) -> None:
    order = buyer.orders(product, card=None)
    waiting = buyer.sees_become(order, "awaiting_payment")
    marketplace.payments.pay(waiting["payment"]["gatewayId"], CARD)
    buyer.sees_become(order, "confirmed")


def test_what_a_market_sold_is_counted(buyer: Person, seller: Person, product: str) -> None:
    market = seller.api.get(f"/v1/products/{product}").data()["marketId"]
    sold = lambda: seller.api.get(f"/v1/markets/{market}").data()["volume"]["amount"] == 2 * 1999
    assert eventually("both orders are counted", sold)


def test_products_are_found(seller: Person, product: str) -> None:
    found = lambda: product in seller.api.get("/v1/search?q=mug&type=product").text
    assert eventually("the mug is found", found)


def test_the_first_administrator_is_appointed_by_the_operator(
    marketplace: Marketplace, admin: Person, buyer: Person
) -> None:
    assert admin.api.get("/v1/users").status == 200
    assert buyer.api.get("/v1/users").status == 403


def test_a_poisoned_message_is_recorded_redriven_and_removed(marketplace: Marketplace, admin: Person) -> None:
    marketplace.send("FulfilmentQueue", '{"type":"order.created","by":"nobody"}')
    letter = admin.sees_letter("dead")
    assert admin.redrives(letter).data()["status"] == "redriven"
    dead_again = admin.sees_letter("dead")
    assert dead_again["version"] == 3 and len(dead_again["redrives"]) == 1
    tag = eventually("its tag", lambda: admin.api.get(f"/v1/dead-letters/{letter['id']}").headers.get("etag"))
    assert admin.api.delete(f"/v1/dead-letters/{letter['id']}", tag).status == 204
    assert admin.sees_letter("removed")["removed"]["by"] == admin.id


def test_a_job_whose_time_has_come_is_started_by_the_schedule(seller: Person, product: str) -> None:
    market = seller.api.get(f"/v1/products/{product}").data()["marketId"]
    soon = (datetime.now(UTC) + timedelta(seconds=5)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    report = {"type": "sales_report", "params": {"marketId": market}, "runAt": soon}
    job = seller.api.post("/v1/jobs", report).data(202)
    done = lambda: seller.api.get(f"/v1/jobs/{job['id']}").data()["status"] == "succeeded"
    assert eventually("the report is made", done, patience=240)


def test_a_function_is_refused_what_its_role_does_not_grant(marketplace: Marketplace, aws: LocalAws) -> None:
    iam, role = aws.client("iam"), marketplace.resource("ApiMetaRole")
    [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    granted = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=policy)
    assert marketplace.api().ask("GET", "/health/ready").status == 503
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(granted))
    assert eventually("all is ready again", lambda: ok(marketplace.api().ask("GET", "/health/ready").status))


def test_another_release_with_other_parameters_keeps_the_data(
    marketplace: Marketplace, aws: LocalAws, release: Release, folder: Path, buyer: Person, product: str
) -> None:
    order = buyer.sees_become(buyer.orders(product), "confirmed")
    table, code = marketplace.resource("Table"), marketplace.code("ApiOrders")
    items = marketplace.items(table)
    assert buyer.api.get("/v1/orders").headers["x-ratelimit-limit"] == "100"

    marketplace.tell(ReadsPerMinute="77", LogLevel="warn")
    marketplace.deploy(release.changed(folder / "next", "api-orders"))
    assert marketplace.code("ApiOrders") != code
    assert marketplace.resource("Table") == table
    assert buyer.sees(order) == order
    assert items.keys() - marketplace.items(table).keys() <= passing(items)
    assert buyer.api.get("/v1/orders").headers["x-ratelimit-limit"] == "77"
    buyer.sees_become(buyer.orders(product), "confirmed")


def test_a_release_is_rolled_back_by_deploying_the_one_before(
    marketplace: Marketplace, release: Release, buyer: Person, product: str
) -> None:
    changed = marketplace.code("ApiOrders")
    marketplace.tell(ReadsPerMinute="100", LogLevel="debug")
    marketplace.deploy(release)
    assert marketplace.code("ApiOrders") != changed
    assert buyer.api.get("/v1/orders").headers["x-ratelimit-limit"] == "100"
    buyer.sees_become(buyer.orders(product), "confirmed")


def test_a_new_secret_is_in_force_once_it_is_deployed(
    marketplace: Marketplace, release: Release, buyer: Person
) -> None:
    page = json.loads(buyer.api.get("/v1/orders?limit=1").text)
    cursor = page["pagination"]["nextCursor"]
    assert buyer.api.get(f"/v1/orders?limit=1&cursor={cursor}").status == 200
    marketplace.tell(CursorKey=marketplace.secrets.replace(marketplace.told()["CursorKey"]))
    marketplace.deploy(release)
    refused = buyer.api.get(f"/v1/orders?limit=1&cursor={cursor}")
    assert (refused.status, json.loads(refused.text)["error"]["code"]) == (400, "INVALID_CURSOR")
    assert buyer.api.get("/v1/orders?limit=1").status == 200


def test_a_signing_key_is_introduced_while_tokens_of_the_present_one_hold(
    marketplace: Marketplace, release: Release, buyer: Person
) -> None:
    before = buyer.api
    marketplace.secrets.deployed()
    marketplace.secrets.rotate_signing_key()
    marketplace.deploy(release)
    marketplace.secrets.deployed()
    published = json.loads(marketplace.api().get("/.well-known/jwks.json").text)["keys"]
    assert len(published) == 2
    assert before.get("/v1/users/me").status == 200
    with pytest.raises(AssertionError, match="safe"):
        marketplace.secrets.rotate_signing_key()


def test_a_deleted_stack_leaves_its_table_which_a_new_one_takes_over_restored(
    marketplace: Marketplace, aws: LocalAws, release: Release, buyer: Person
) -> None:
    orders = json.loads(buyer.api.get("/v1/orders").text)["data"]
    table, template = marketplace.resource("Table"), marketplace.template()
    items = marketplace.items(table)
    marketplace.payments.close()
    marketplace.sam.delete(release)
    kept = marketplace.items(table)
    assert items.keys() - kept.keys() <= passing(items)

    adopt(aws, template, restored(aws, table))
    marketplace.deploy(release)
    assert marketplace.resource("Table") != table
    again = buyer.at(marketplace.api())
    assert json.loads(again.api.get("/v1/orders").text)["data"] == orders


def ok(status: int) -> bool:
    """Whether a request succeeded."""
    return status == 200


def passing(items: dict[tuple[str, str], dict]) -> set[tuple[str, str]]:
    """The keys of what goes by itself: published events, and what has a time to live."""
    return {key for key, item in items.items() if key[0].startswith("outbox#") or "ttl" in item}
