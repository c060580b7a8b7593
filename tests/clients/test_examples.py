"""Every request of the Postman collection is one that its function takes, also of a function added tomorrow."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from local.generate.api import contract, examples, postman

STANDS_FOR = {"feature": "hd-export", "email": "somebody@example.com"}


def filled(value: Any) -> Any:
    """With something plausible for each variable."""
    text = json.dumps(value)
    text = text.replace("{{$randomUUID}}", "0b6c1d9e-57d7-4f2b-9f5b-1f0e2a3c4d5e")
    return json.loads(re.sub(r"\{\{(\w+)\}\}", lambda name: STANDS_FOR.get(name[1], f"some-{name[1]}"), text))


def test_every_example_is_a_request_that_is_taken() -> None:
    api = contract.load()
    from studiox.api.callables import CONTRACTS, parse
    from studiox.api.http_functions import ROUTES

    assert len(api.operations) == len(CONTRACTS) + len(ROUTES)
    for each in api.operations:
        declared = ROUTES[each.name][1] if each.method else CONTRACTS[each.name]
        request = filled(examples.of(api, each))
        assert isinstance(parse(declared.request, request), declared.request), each.name


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "minLength": 3, "maxLength": 3}, "tex"),
        ({"anyOf": [{"type": "integer", "minimum": 5}, {"type": "null"}]}, 5),
        ({"enum": ["spam", "violence"]}, "spam"),
        ({"type": "boolean"}, True),
    ],
)
def test_a_field_nobody_thought_of_has_an_example_too(schema: dict[str, Any], value: object) -> None:
    assert examples.sample(schema) == value


def test_variables_that_requests_use_are_the_collections() -> None:
    collection = json.loads(postman.collection(contract.load()))
    used = set(re.findall(r"\{\{(\w+)\}\}", json.dumps(collection["item"])))
    assert used
    assert used <= {each["key"] for each in collection["variable"]}
    named = {item["name"] for folder in collection["item"] for item in folder["item"]}
    assert named >= {each.name for each in contract.load().operations} | {"health", "Sign up"}
