"""A deployment of the marketplace into the AWS emulator."""

import json
import platform
from collections.abc import Mapping
from typing import Any

from api import Api
from local_aws import LocalAws
from operator_secrets import STAGE, Secrets
from payments import Payments
from polling import eventually
from release import Release
from sam import STACK, Sam

GATEWAY_SECRETS = {"payment-gateway-key": "sk_test_deployment", "payment-webhook-secret": "whsec_deployment"}
SENDER = "no-reply@agora.example"


class Deployment:
    """The deployed stack with its payment gateway. Its names are read from AWS, as an operator does."""

    def __init__(
        self, aws: LocalAws, sam: Sam, payments: Payments, secrets: Secrets, release: Release
    ) -> None:
        self.aws = aws
        self.sam = sam
        self.payments = payments
        self.secrets = secrets
        self._parameters = release.configured(STAGE)

    def prepare(self) -> None:
        """Creates the prerequisites of the first deployment: the sender identity and the secrets."""
        self.aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        self.secrets.generate(GATEWAY_SECRETS)
        self.set_parameters(
            Architecture=architecture(), PaymentGatewayUrl=self.payments.url, AnalyticsWindowSeconds="0"
        )

    def set_parameters(self, **parameters: str) -> None:
        """Sets parameters of the next deployment."""
        self._parameters.update(parameters)

    def deploy(self, release: Release) -> None:
        """Deploys a release with the current parameters and the signing keys."""
        parameters = {**self._parameters, **self.secrets.parameters()}
        release.write_fingerprint(parameters)
        self.sam.deploy(release, parameters)

    def parameters(self) -> Mapping[str, str]:
        """Parameters of `samconfig.toml` and of `set_parameters`."""
        return dict(self._parameters)

    def start_payments(self) -> None:
        """Starts the payment gateway, which sends its webhooks to the deployment."""
        key, secret = (
            self.secrets.value(self._parameters[name])
            for name in ["PaymentGatewayKey", "PaymentWebhookSecret"]
        )
        self.payments.start(key, secret, f"{self.api().url}/v1/payments/webhook")

    def api(self) -> Api:
        """The deployed API. The stack's output has a URL of AWS; the emulator serves the API under a path."""
        api = self.resource("HttpApi")
        return Api(f"{self.aws.url}/_aws/execute-api/{api}/$default")

    def resource(self, logical_id: str) -> str:
        """Physical id of a resource of the stack."""
        described = self.aws.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=logical_id
        )
        return described["StackResourceDetail"]["PhysicalResourceId"]

    def output(self, name: str) -> str:
        """Value of an output of the stack."""
        [stack] = self.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == name)

    def template(self) -> dict[str, Any]:
        """The stack's template after SAM's transformation."""
        template = self.aws.client("cloudformation").get_template(StackName=STACK, TemplateStage="Processed")
        body = template["TemplateBody"]
        return json.loads(body) if isinstance(body, str) else body

    def code_digest(self, function: str) -> str:
        """SHA-256 digest of a function's package."""
        configuration = self.aws.client("lambda").get_function_configuration(
            FunctionName=self.resource(function)
        )
        return configuration["CodeSha256"]

    def items(self, table: str) -> dict[tuple[str, str], dict[str, Any]]:
        """All items of a table by their keys."""
        pages = self.aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
        items = [item for page in pages for item in page["Items"]]
        return {(item["pk"]["S"], item["sk"]["S"]): item for item in items}

    def send_message(self, queue: str, body: str) -> None:
        """Sends a message to a queue of the stack directly."""
        self.aws.client("sqs").send_message(QueueUrl=self.resource(queue), MessageBody=body)

    def wait_for_email(self, address: str, text: str) -> dict[str, Any]:
        """Waits for an e-mail to an address that contains a text."""

        def poll() -> dict[str, Any] | None:
            emails = [email for email in self.aws.emails() if address in json.dumps(email)]
            return next((email for email in emails if text in json.dumps(email)), None)

        return eventually(f"SES has an e-mail to {address} with {text}", poll)


def architecture() -> str:
    """Lambda's name of this machine's architecture; the emulator runs functions on this machine."""
    return "arm64" if platform.machine() in ("aarch64", "arm64") else platform.machine()
