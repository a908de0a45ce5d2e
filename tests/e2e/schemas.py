"""The schemas of engine/alarm, and the check of a message against the one it names.

The published schemas let a consumer read past fields it does not know. The tests are stricter: every
object may hold only what its schema describes, so that a field cannot appear without a description.
"""
import copy
import json
import math
from pathlib import Path

import jsonschema

FOLDER = Path(__file__).resolve().parent.parent.parent / "engine" / "alarm"


def strict(schema):
    """The schema with every object closed."""
    schema = copy.deepcopy(schema)

    def close(part):
        if isinstance(part, dict):
            if "properties" in part:
                part["additionalProperties"] = False
            for value in part.values():
                close(value)
        elif isinstance(part, list):
            for value in part:
                close(value)

    close(schema)
    return schema


def load():
    """Validators by the name that a message says first: "linhuo/alarm/2"."""
    found = {}
    for path in sorted(FOLDER.glob("*.schema.json")):
        schema = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        if "schema" not in schema["properties"]:
            continue  # of what others send
        found[schema["properties"]["schema"]["const"]] = jsonschema.Draft202012Validator(strict(schema))
    return found


VALIDATORS = load()


def check_reasons(alarm):
    """The weights of the reasons add up to the logit of the probability, where none is left out."""
    if any(reason["kind"] == "note" and "left out" in reason["text"] for reason in alarm["reasons"]):
        return
    logit = sum(reason["weight"] for reason in alarm["reasons"])
    assert abs(1 / (1 + math.exp(-logit)) - alarm["probability"]) < 1e-3, alarm["reasons"]


def check(message):
    """A message, parsed or as JSON text, against its schema; gives it back parsed."""
    if isinstance(message, (str, bytes)):
        assert len(message if isinstance(message, bytes) else message.encode()) < 65536
        message = json.loads(message)
    assert next(iter(message)) == "schema", "a message says its schema first"
    assert message["schema"] in VALIDATORS, message["schema"]
    VALIDATORS[message["schema"]].validate(message)
    if message["schema"].startswith("linhuo/alarm/"):
        check_reasons(message)
    return message
