"""Lifecycle of a deployment. The tests run in this order, and each depends on those before it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployment import Deployment
from local_aws import LocalAws
from polling import eventually
from release import REPOSITORY, Release
from restore import create_stack_from_table, restore_table
from sam import STACK
from users import CARD, User

PATHS = json.loads((REPOSITORY / "functions/api-meta/openapi.json").read_text())["paths"]


def test_template_is_deployed(deployment: Deployment, aws: LocalAws) -> None:
    resources = aws.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    unfinished = {r["LogicalResourceId"]: r["ResourceStatus"] for r in resources} if resources else {}
    assert set(unfinished.values()) == {"CREATE_COMPLETE"}, unfinished
    ready = eventually(
        "the API is ready", lambda: is_ok(deployment.api().send("GET", "/health/ready").status)
    )
    assert ready


def test_every_path_is_routed_to_its_function(deployment: Deployment) -> None:
    api = deployment.api()
    for path, operations in PATHS.items():
        wrong = next(
            method for method in ["PUT", "DELETE", "PATCH", "POST"] if method.lower() not in operations
        )
        response = api.send(wrong, path.replace("{", "").replace("}", ""))
        # 429 if the rate limit is exceeded. Unknown paths respond with 404 in both cases.
        assert response.status in (405, 429), f"{path} is routed elsewhere: {response}"
    assert api.send("PUT", "/nowhere").status == 404


def test_cors_allows_the_configured_origin_only(deployment: Deployment) -> None:
    api = deployment.api()
    allowed = api.preflight("/v1/orders", "http://localhost:3000")
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert (
        "access-control-allow-origin" not in api.preflight("/v1/orders", "http://elsewhere.example").headers
    )


def test_order_with_card_is_charged_confirmed_and_emailed(
    deployment: Deployment, buyer: User, product: str
) -> None:
    order = buyer.place_order(product)
    confirmed = buyer.wait_for_order(order, "confirmed")
    charges = [
        intent for intent in deployment.payments.ledger()["intents"] if order["id"] in json.dumps(intent)
    ]
    assert len(charges) == 1, charges
    assert confirmed["total"] == {"amount": 1999, "currency": "EUR"}
    assert deployment.wait_for_email(buyer.email, order["id"])


def test_order_without_card_is_confirmed_by_webhook(
    deployment: Deployment, buyer: User, product: str
) -> None:
    order = buyer.place_order(product, card=None)
    unpaid = buyer.wait_for_order(order, "awaiting_payment")
    deployment.payments.pay(unpaid["payment"]["gatewayId"], CARD)
    buyer.wait_for_order(order, "confirmed")


def test_sales_are_added_to_the_market_volume(buyer: User, seller: User, product: str) -> None:
    market = seller.api.get(f"/v1/products/{product}").data()["marketId"]
    has_volume = lambda: seller.api.get(f"/v1/markets/{market}").data()["volume"]["amount"] == 2 * 1999
    assert eventually("both orders are added to the volume", has_volume)


def test_product_is_found_by_search(seller: User, product: str) -> None:
    is_found = lambda: product in seller.api.get("/v1/search?q=mug&type=product").text
    assert eventually("the mug is found", is_found)


def test_operator_grants_the_first_admin_role(deployment: Deployment, admin: User, buyer: User) -> None:
    assert admin.api.get("/v1/users").status == 200
    assert buyer.api.get("/v1/users").status == 403


def test_dead_letter_is_recorded_redriven_and_removed(deployment: Deployment, admin: User) -> None:
    deployment.send_message("FulfilmentQueue", '{"type":"order.created","by":"test"}')
    dead_letter = admin.wait_for_dead_letter("dead")
    assert admin.redrive(dead_letter).data()["status"] == "redriven"
    dead_again = admin.wait_for_dead_letter("dead")
    assert dead_again["version"] == 3 and len(dead_again["redrives"]) == 1
    tag = eventually(
        "the dead letter has an ETag",
        lambda: admin.api.get(f"/v1/dead-letters/{dead_letter['id']}").headers.get("etag"),
    )
    assert admin.api.delete(f"/v1/dead-letters/{dead_letter['id']}", tag).status == 204
    assert admin.wait_for_dead_letter("removed")["removed"]["by"] == admin.id


def test_scheduled_job_runs_when_it_is_due(seller: User, product: str) -> None:
    market = seller.api.get(f"/v1/products/{product}").data()["marketId"]
    run_at = (
        (datetime.now(UTC) + timedelta(seconds=5)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    report = {"type": "sales_report", "params": {"marketId": market}, "runAt": run_at}
    job = seller.api.post("/v1/jobs", report).data(202)
    is_done = lambda: seller.api.get(f"/v1/jobs/{job['id']}").data()["status"] == "succeeded"
    assert eventually("the report is done", is_done, timeout=240)


def test_function_without_its_role_policy_is_denied(deployment: Deployment, aws: LocalAws) -> None:
    iam, role = aws.client("iam"), deployment.resource("ApiMetaRole")
    [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    granted = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=policy)
    assert deployment.api().send("GET", "/health/ready").status == 503
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(granted))
    assert eventually(
        "the API is ready again", lambda: is_ok(deployment.api().send("GET", "/health/ready").status)
    )


def test_second_release_with_new_parameters_keeps_data(
    deployment: Deployment, aws: LocalAws, release: Release, folder: Path, buyer: User, product: str
) -> None:
    order = buyer.wait_for_order(buyer.place_order(product), "confirmed")
    table, digest = deployment.resource("Table"), deployment.code_digest("ApiOrders")
    items = deployment.items(table)
    assert buyer.api.get("/v1/orders").headers["x-ratelimit-limit"] == "100"

    deployment.set_parameters(ReadLimit="77", LogLevel="warn")
    deployment.deploy(release.with_changed_code(folder / "next", "api-orders"))
    assert deployment.code_digest("ApiOrders") != digest
    assert deployment.resource("Table") == table
    assert buyer.get_order(order) == order
    assert items.keys() - deployment.items(table).keys() <= expiring(items)
    assert buyer.api.get("/v1/orders").headers["x-ratelimit-limit"] == "77"
    buyer.wait_for_order(buyer.place_order(product), "confirmed")


def test_redeploying_the_first_release_rolls_back(
    deployment: Deployment, release: Release, buyer: User, product: str
) -> None:
    changed = deployment.code_digest("ApiOrders")
    deployment.set_parameters(ReadLimit="100", LogLevel="debug")
    deployment.deploy(release)
    assert deployment.code_digest("ApiOrders") != changed
    assert buyer.api.get("/v1/orders").headers["x-ratelimit-limit"] == "100"
    buyer.wait_for_order(buyer.place_order(product), "confirmed")


def test_replaced_secret_is_used_after_deployment(
    deployment: Deployment, release: Release, buyer: User
) -> None:
    page = json.loads(buyer.api.get("/v1/orders?limit=1").text)
    cursor = page["pagination"]["nextCursor"]
    assert buyer.api.get(f"/v1/orders?limit=1&cursor={cursor}").status == 200
    deployment.set_parameters(CursorKey=deployment.secrets.replace(deployment.parameters()["CursorKey"]))
    deployment.deploy(release)
    rejected = buyer.api.get(f"/v1/orders?limit=1&cursor={cursor}")
    assert (rejected.status, json.loads(rejected.text)["error"]["code"]) == (400, "INVALID_CURSOR")
    assert buyer.api.get("/v1/orders?limit=1").status == 200


def test_new_signing_key_keeps_current_tokens_valid(
    deployment: Deployment, release: Release, buyer: User
) -> None:
    before = buyer.api
    deployment.secrets.record_deployment()
    deployment.secrets.rotate_signing_key()
    deployment.deploy(release)
    deployment.secrets.record_deployment()
    published = json.loads(deployment.api().get("/.well-known/jwks.json").text)["keys"]
    assert len(published) == 2
    assert before.get("/v1/users/me").status == 200
    with pytest.raises(AssertionError, match="safe"):
        deployment.secrets.rotate_signing_key()


def test_new_stack_adopts_table_restored_after_deletion(
    deployment: Deployment, aws: LocalAws, release: Release, buyer: User
) -> None:
    orders = json.loads(buyer.api.get("/v1/orders").text)["data"]
    table, template = deployment.resource("Table"), deployment.template()
    items = deployment.items(table)
    deployment.payments.stop()
    deployment.sam.delete(release)
    kept = deployment.items(table)
    assert items.keys() - kept.keys() <= expiring(items)

    create_stack_from_table(aws, template, restore_table(aws, table))
    deployment.deploy(release)
    assert deployment.resource("Table") != table
    again = buyer.at(deployment.api())
    assert json.loads(again.api.get("/v1/orders").text)["data"] == orders


def is_ok(status: int) -> bool:
    """Returns true if a request succeeded."""
    return status == 200


def expiring(items: dict[tuple[str, str], dict]) -> set[tuple[str, str]]:
    """Keys of items that may be deleted meanwhile: outbox events, and items with a time to live."""
    return {key for key, item in items.items() if key[0].startswith("outbox#") or "ttl" in item}
