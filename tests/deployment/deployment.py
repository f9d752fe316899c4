"""A deployment of the marketplace into the local AWS, with all that an operator has around it."""

import json
import platform
from collections.abc import Mapping
from typing import Any

from api import Api
from local_aws import LocalAws
from operator_secrets import STAGE, Secrets
from payments import Payments
from release import Release
from sam import STACK, Sam
from waiting import eventually

OF_GATEWAY = {"payment-gateway-key": "sk_test_deployment", "payment-webhook-secret": "whsec_deployment"}
SENDER = "no-reply@agora.example"


class Marketplace:
    """The deployment. What it is told and what it holds is found out as an operator finds it out."""

    def __init__(self, aws: LocalAws, sam: Sam, payments: Payments, secrets: Secrets, release: Release) -> None:
        self.aws = aws
        self.sam = sam
        self.payments = payments
        self.secrets = secrets
        self._parameters = release.configured(STAGE)

    def prepare(self) -> None:
        """What has to be there before the first deployment: an address to send from, and the secrets."""
        self.aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        self.secrets.make(OF_GATEWAY)
        self.tell(Architecture=architecture(), PaymentGatewayUrl=self.payments.url, AnalyticsWindowSeconds="0")

    def tell(self, **parameters: str) -> None:
        """What the next deployment is told besides."""
        self._parameters.update(parameters)

    def deploy(self, release: Release) -> None:
        """Deploys a release with what `samconfig.toml` has, with the keys that sign tokens, and with what was told."""
        told = {**self._parameters, **self.secrets.parameters()}
        release.fingerprint(told)
        self.sam.deploy(release, told)

    def told(self) -> Mapping[str, str]:
        """What was told so far, and what `samconfig.toml` has."""
        return dict(self._parameters)

    def open_payments(self) -> None:
        """Has the gateway take payments, and report them to the deployment."""
        key, secret = (
            self.secrets.value(self._parameters[name]) for name in ["PaymentGatewayKey", "PaymentWebhookSecret"]
        )
        self.payments.open(key, secret, f"{self.api().url}/v1/payments/webhook")

    def api(self) -> Api:
        """The deployed API. Its address in the outputs is AWS's; here the same API is under a path."""
        api = self.resource("HttpApi")
        return Api(f"{self.aws.url}/_aws/execute-api/{api}/$default")

    def resource(self, logical_id: str) -> str:
        """The name of a resource of the stack."""
        described = self.aws.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=logical_id
        )
        return described["StackResourceDetail"]["PhysicalResourceId"]

    def output(self, name: str) -> str:
        """One of the stack's outputs."""
        [stack] = self.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == name)

    def template(self) -> dict[str, Any]:
        """The stack's template, as SAM made it."""
        template = self.aws.client("cloudformation").get_template(StackName=STACK, TemplateStage="Processed")
        body = template["TemplateBody"]
        return json.loads(body) if isinstance(body, str) else body

    def code(self, function: str) -> str:
        """The fingerprint of a function's code."""
        configuration = self.aws.client("lambda").get_function_configuration(FunctionName=self.resource(function))
        return configuration["CodeSha256"]

    def items(self, table: str) -> dict[tuple[str, str], dict[str, Any]]:
        """All that a table holds, by its keys."""
        pages = self.aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
        items = [item for page in pages for item in page["Items"]]
        return {(item["pk"]["S"], item["sk"]["S"]): item for item in items}

    def send(self, queue: str, body: str) -> None:
        """Puts a message into a queue of the stack, past the application."""
        self.aws.client("sqs").send_message(QueueUrl=self.resource(queue), MessageBody=body)

    def letter_to(self, address: str, about: str) -> dict[str, Any]:
        """The e-mail to somebody whose text speaks of something, once SES has it."""

        def look() -> dict[str, Any] | None:
            letters = [letter for letter in self.aws.letters() if address in json.dumps(letter)]
            return next((letter for letter in letters if about in json.dumps(letter)), None)

        return eventually(f"SES has the letter to {address} about {about}", look)


def architecture() -> str:
    """This machine's, in Lambda's words: functions run on it as they are."""
    return "arm64" if platform.machine() in ("aarch64", "arm64") else platform.machine()
