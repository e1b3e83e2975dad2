"""The compose file follows the Compose Specification, and every command and setting in it is a real one."""

import subprocess
from typing import Any

import click
import jsonschema
import pytest
import yaml

from cli.main import main
from schemas.settings import TABLE, load
from tests.deploy.files import ROOT, compose, services_of_shoal, without_variables

STRINGS = {"type": "array", "items": {"type": "string"}}
SERVICE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["image"],
    "properties": {
        "build": {"type": "string"},
        "image": {"type": "string", "pattern": r"^[a-z/]+:[0-9v.]+$"},
        "init": {"type": "boolean"},
        "restart": {"enum": ["unless-stopped", "on-failure"]},
        "command": STRINGS,
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "ports": STRINGS,
        "profiles": STRINGS,
        "volumes": STRINGS,
        "stop_grace_period": {"type": "string", "pattern": "^[0-9]+s$"},
        "healthcheck": {
            "type": "object",
            "additionalProperties": False,
            "required": ["test"],
            "properties": {
                "test": STRINGS,
                "interval": {"type": "string"},
                "timeout": {"type": "string"},
                "retries": {"type": "integer"},
            },
        },
        "depends_on": {
            "oneOf": [
                STRINGS,
                {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["condition"],
                        "properties": {
                            "condition": {"enum": ["service_healthy", "service_completed_successfully"]},
                        },
                    },
                },
            ]
        },
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "services"],
    "patternProperties": {"^x-": {}},
    "properties": {
        "name": {"type": "string"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
}
"""The part of the Compose Specification (compose-spec.io) that the file keeps to. Versions of images are exact."""


def test_follows_the_specification() -> None:
    jsonschema.validate(compose(), SCHEMA)


def test_docker_compose_reads_it_where_there_is_one() -> None:
    """Not on every machine that has docker; the schema above is what it would check."""
    version = subprocess.run(["sh", "-c", "docker compose version"], capture_output=True, check=False)
    if version.returncode == 0:
        command = ["docker", "compose", "--profile", "demo", "config", "--quiet"]
        read = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert read.returncode == 0, read.stderr


@pytest.mark.parametrize("name", services_of_shoal())
def test_every_command_is_real(name: str) -> None:
    words = services_of_shoal()[name]["command"]
    command: click.Command = main
    context = click.Context(command)
    while isinstance(command, click.Group):
        word, *words = words
        found = command.get_command(context, word)
        assert found is not None, f"shoal has no command {word}"
        command = found
    command.make_context(name, list(words))


@pytest.mark.parametrize("name", services_of_shoal())
def test_every_setting_is_real_and_used(name: str) -> None:
    environment = {key: without_variables(value) for key, value in services_of_shoal()[name]["environment"].items()}
    assert set(environment) <= {row.env for row in TABLE}
    load({}, environment)


def test_what_each_command_needs_is_set() -> None:
    for name in ("topics", "worker", "gateway"):
        assert {"SHOAL_KAFKA", "SHOAL_NAMESPACE", "SHOAL_PARTITIONS"} <= set(services_of_shoal()[name]["environment"])
    for name in ("worker", "gateway"):
        assert "SHOAL_REDIS" in services_of_shoal()[name]["environment"]


def test_services_volumes_and_files_that_are_named_are_there() -> None:
    whole = compose()
    for service in whole["services"].values():
        assert set(service.get("depends_on", ())) <= set(whole["services"])
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source.startswith("/") or source in whole["volumes"] or (ROOT / source).exists(), volume


def test_addresses_are_those_of_services() -> None:
    services = compose()["services"]
    kafka = services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].removeprefix("PLAINTEXT://")
    for name in ("topics", "worker", "gateway"):
        assert services[name]["environment"]["SHOAL_KAFKA"] == kafka
    assert services["simulate"]["command"][2] == f"http://gateway:{services['gateway']['environment']['SHOAL_PORT']}"


def test_the_image_gets_all_that_it_copies() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = {
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    }
    allowed = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"}
    assert copied == allowed
    assert all((ROOT / each).exists() for each in copied)


def test_yaml_has_no_key_twice() -> None:
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.value != "<<"]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
        loader.flatten_mapping(node)
        return yaml.SafeLoader.construct_mapping(loader, node)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    yaml.load((ROOT / "docker-compose.yml").read_text(), Strict)
