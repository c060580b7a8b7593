"""What is generated of the functions is what the functions are; after a change that is meant: `make client`."""

from __future__ import annotations

import difflib
import json
import re
import subprocess
from pathlib import Path

import pytest

from local.generate.api.__main__ import TSC, files
from local.generate.api.contract import ROOT, load

SAMPLE = Path("tests/clients/sample")


def compiled(project: Path, *options: str) -> str:
    """What the compiler says of a project; empty when it is content."""
    command = [*TSC, "-p", str(project), "--noEmit", "--pretty", "false", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (run.returncode == 0) == (run.stdout.strip() == ""), run.stderr
    return run.stdout


def test_what_is_generated_is_fresh() -> None:
    stale = []
    for path, now in files().items():
        target = ROOT / path
        before = target.read_text() if target.exists() else ""
        if now != before:
            difference = difflib.unified_diff(before.splitlines(), now.splitlines(), f"{path}, committed", "now", n=1)
            stale.append("\n".join(list(difference)[:30]))
    if stale:
        pytest.fail("\n".join(["stale: run `make client` and commit what it writes", *stale]), pytrace=False)


def test_nothing_generated_is_left_of_a_function_or_page_that_is_gone() -> None:
    kept = {path for path in (ROOT / "docs" / "api").rglob("*") if path.is_file()}
    assert {path.relative_to(ROOT) for path in kept} <= set(files()), "delete what `make client` writes no longer"


def test_every_callable_is_in_the_client_and_nothing_else() -> None:
    text = (ROOT / "clients/typescript/src/generated.ts").read_text()
    table = text[text.index("export const FUNCTIONS") :]
    found = set(re.findall(r"^  (\w+): \{ timeout", table, re.M))
    assert found == {each.name for each in load().operations if each.method is None}


def test_the_client_is_strictly_typed() -> None:
    assert compiled(Path("clients/typescript"), "--strict") == ""


def test_right_calls_compile_and_wrong_ones_do_not() -> None:
    """Each `@ts-expect-error` is an error itself where the line below it compiles."""
    assert compiled(SAMPLE) == ""
    sample = (ROOT / SAMPLE / "usage.ts").read_text()
    assert sample.count("@ts-expect-error") >= 10


def test_the_sample_would_notice(tmp_path: Path) -> None:
    """The compiler really sees the types: without the expectations, every wrong line is an error of its own."""
    sample = (ROOT / SAMPLE / "usage.ts").read_text()
    bare = ROOT / SAMPLE / f"bare-{tmp_path.name}.ts"
    project = bare.with_suffix(".json")
    try:
        bare.write_text(sample.replace("@ts-expect-error", "wrong:"))
        project.write_text((ROOT / SAMPLE / "tsconfig.json").read_text().replace("usage.ts", bare.name))
        errors = re.findall(r"^\S+\((\d+),\d+\): error", compiled(project.relative_to(ROOT)), re.M)
    finally:
        bare.unlink(missing_ok=True)
        project.unlink(missing_ok=True)
    lines = sample.splitlines()
    wrong = [number + 2 for number, line in enumerate(lines) if "@ts-expect-error" in line]
    assert {int(line) for line in errors} == set(wrong)


def test_openapi_json_is_valid() -> None:
    """By the OpenAPI format's own schema."""
    command = ["node", "node_modules/@seriousme/openapi-schema-validator/bin/validate-api-cli.js"]
    run = subprocess.run(
        [*command, "docs/api/openapi.json"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert '"valid": true' in run.stdout, run.stdout + run.stderr


def test_openapi_json_says_what_a_request_is_checked_by() -> None:
    document = json.loads((ROOT / "docs/api/openapi.json").read_text())
    order = document["paths"]["/createStudioJob"]["post"]
    wrapped = order["requestBody"]["content"]["application/json"]["schema"]
    assert wrapped["properties"]["data"] == {"$ref": "#/components/schemas/CreateStudioJob"}
    request = document["components"]["schemas"]["CreateStudioJob"]
    assert request["properties"]["prompt"]["maxLength"] == 10_000
    assert request["additionalProperties"] is False
    assert {"400", "401", "403", "404", "409", "429", "503"} <= order["responses"].keys()
    credits = document["paths"]["/getUserCredits"]["get"]
    assert credits["security"] == [{"idToken": []}]
    assert [each["name"] for each in credits["parameters"]] == ["userId"]
    assert document["paths"]["/getFeed"]["post"]["security"] == [{"idToken": []}, {}]
