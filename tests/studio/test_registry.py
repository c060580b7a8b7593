"""What a provider needs is where it is used: its secrets bound, its price known, its models offered."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
from firebase_functions.params import SecretParam

import main
from local.stack import settings
from studiox.catalog import margins
from studiox.integrations.providers import registry, specs
from studiox.integrations.providers.protocol import Order, Task
from studiox.kit import config
from studiox.studio import service
from tests.conftest import Logged
from tests.studio.studio import Studio
from tests.support import call
from tests.support.tried import called

SECRETS = {value.name for value in vars(config).values() if isinstance(value, SecretParam)}
SECRETS |= {secret.name for secret in specs.SECRETS}
ROOT = settings.ROOT
SNAPSHOT = ROOT / "tests/api_snapshot.json"
ORDER_OR_POLL = (
    "createGenerationRequest",
    "createStudioJob",
    "dispatchStudioJobs",
    "generateLyrics",
    "getJobStatus",
    "settleStudioJob",
)


def bound() -> dict[str, set[str]]:
    """{function: the names of the secrets that the deployment gives it}."""
    functions = json.loads(SNAPSHOT.read_text())["functions"]
    return {name: set(contract.get("secrets", ())) for name, contract in functions.items()}


def test_each_secret_of_the_settings_is_bound_somewhere() -> None:
    assert set().union(*bound().values()) == SECRETS


def test_who_orders_or_polls_binds_the_secrets_of_every_provider() -> None:
    asked = {secret.name for secret in specs.SECRETS}
    assert asked == {secret.name for spec in specs.PROVIDERS.values() for secret in spec.secrets}
    for name in ORDER_OR_POLL:
        assert bound()[name] >= asked, name


def test_a_spec_that_names_a_webhook_has_it_deployed_and_tested() -> None:
    """With the provider's own secrets alone. The names are in the orders that vendors hold: they must not change."""
    specified = {spec.webhook: spec for spec in specs.PROVIDERS.values() if spec.webhook}
    assert {"poyoWebhook", "piapiWebhook"} <= specified.keys()
    paths = [path for room in ("studio", "integrations") for path in (ROOT / "tests" / room).glob("*.py")]
    tests = [ast.walk(ast.parse(path.read_text())) for path in paths]
    assert specified.keys() <= set().union(*map(called, tests)), "a webhook without a test"
    for webhook, spec in specified.items():
        assert bound()[webhook] == {"APP_SIGNING_KEY", *(secret.name for secret in spec.secrets)}
        deployed: Any = vars(main)[webhook]
        assert deployed.__name__ == deployed.__firebase_endpoint__.entryPoint == webhook


def test_a_provider_without_a_webhook_is_ordered_from_without_an_address() -> None:
    assert service.callback_url("openai", "job-1") == ""
    assert "/poyoWebhook?job=job-1&seal=" in service.callback_url("poyo", "job-1")


@pytest.mark.parametrize("name", sorted(specs.PROVIDERS))
def test_a_provider_can_be_made_with_its_rows_secrets_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {secret.name for secret in specs.PROVIDERS[name].secrets}
    for secret in SECRETS - own:
        monkeypatch.delenv(secret)
    assert registry.provider(name)
    for secret in own:
        with monkeypatch.context() as without:
            without.delenv(secret)
            with pytest.raises(config.MissingSecret, match=secret):
                registry.provider(name)


def test_what_follows_from_the_specs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day's spend, the hosts of files, the local stack's secrets and addresses: nobody else lists providers."""
    assert set(margins.CREDIT_MICRO_USD) == set(specs.PROVIDERS)
    assert set(settings.SECRETS) == SECRETS
    hosts = {host for spec in specs.PROVIDERS.values() for host in spec.file_hosts}
    monkeypatch.delenv("MEDIA_HOSTS", raising=False)
    assert set(specs.media_hosts()) == hosts >= {"storage.poyo.ai", "img.theapi.app"}
    monkeypatch.setenv("MEDIA_HOSTS", " cdn.vendor.example, ")
    assert specs.media_hosts() == ["cdn.vendor.example"]
    deployed = settings.read_env(settings.ROOT / "functions" / ".env")
    local = settings.local_parameters(settings.PORTS)
    addressed = {name: spec.base_url for name, spec in specs.PROVIDERS.items() if spec.base_url is not None}
    assert addressed.keys() >= {"poyo", "piapi", "openai"}
    assert deployed.keys() >= {"POYO_BASE_URL", "PIAPI_BASE_URL", "OPENAI_BASE_URL"}, "the file lists what may be set"
    assert deployed["MEDIA_HOSTS"] == "", "the specs' own"
    for name, base_url in addressed.items():
        assert local[base_url.variable].startswith("http://127.0.0.1:"), f"{name}: a stand-in"
        assert deployed.get(base_url.variable, base_url.default) == base_url.default, (
            f"{name}: the spec has its address"
        )
        monkeypatch.setenv(base_url.variable, "https://proxy.example")
        assert base_url.value == "https://proxy.example"
        monkeypatch.delenv(base_url.variable)
        assert base_url.value == base_url.default


NAMED_BY_DESIGN = (
    "integrations/providers/",
    "catalog/poyo_models.py",
    "catalog/other_models.py",
    "content_check/service.py",
)
"""Where a provider's name may stand in functions/studiox: its own module, its spec, its models, and where MODERATION
chooses it as the moderator."""


def test_nothing_but_its_spec_and_its_models_names_a_provider() -> None:
    house = ROOT / "functions/studiox"
    named = [
        f"{path.relative_to(house)}:{node.lineno}: {node.value}"
        for path in house.rglob("*.py")
        if not str(path.relative_to(house)).startswith(NAMED_BY_DESIGN)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in [*specs.PROVIDERS, *webhooks_of_providers()]
    ]
    named += [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "web/src").rglob("*.ts")
        for name in specs.PROVIDERS
        if re.search(rf"""(['"`]){name}\1""", path.read_text())
    ]
    assert not named


def webhooks_of_providers() -> list[str]:
    return [spec.webhook for spec in specs.PROVIDERS.values() if spec.webhook]


class Throwaway:
    """A provider as the guide tells to write one: it answers at once."""

    def __init__(self, key: str) -> None:
        self.key = key

    def submit(self, order: Order) -> str | Task:
        return Task(status="finished", text=f"{order.model}: {order.inputs['prompt']}", credits=1)

    def poll(self, *_: Any) -> Task:
        raise AssertionError("nobody polls for it")

    def verify(self, *_: Any) -> str | None:
        return None


def test_a_provider_by_the_guide_makes_what_its_model_is_ordered_for(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    entry = {
        "type": "lyrics",
        "provider": "throwaway",
        "providerModel": "t-1",
        "label": "Throwaway",
        "inputs": {"prompt": {"kind": "text", "required": True, "max": 100}},
        "price": {"tokens": 3},
        "credits": {"tokens": 100},
    }
    studio.database.put("models/throwaway-1", entry)
    order = {"type": "lyrics", "model": "throwaway-1", "prompt": "rain"}
    refused = studio.create(**order)
    assert (refused.reason, list(refused.details["fields"])) == ("InvalidRequest", ["model"])
    assert "throwaway-1" not in offered()
    assert "throwaway" in logged.lines("catalogue_entry_broken")[0]["error"]
    spec = specs.ProviderSpec(make=Throwaway, credit_micro_usd=1, secrets=specs.PROVIDERS["openai"].secrets)
    monkeypatch.setattr(specs, "PROVIDERS", {**specs.PROVIDERS, "throwaway": spec})
    studio.restart()
    assert "throwaway-1" in offered()
    job_id = studio.created(**order)
    assert (studio.job(job_id)["status"], studio.job(job_id)["text"]) == ("completed", "t-1: rain")
    assert studio.balance() == 997
    studio.check()


def offered() -> list[str]:
    return [model["id"] for model in call(main.getStudioOptions).result["models"]]
