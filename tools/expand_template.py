"""Expands the SAM transform of template.yaml, so that linters check the resources that are deployed."""

import json
import sys

from boto3.session import Session
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

source, target = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    if "CodeUri" in resource["Properties"]:
        # The deployment replaces CodeUri by the uploaded package.
        resource["Properties"]["CodeUri"] = "s3://packages/package"
translator = Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=Session(region_name="eu-central-1"))
with open(target, "w", encoding="utf-8") as file:
    json.dump(translator.translate(template, parameter_values={}), file, indent=1)
