"""The files of a deployment, read: compose file, Prometheus configuration, dashboard."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus" / "prometheus.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "shoal.json"
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"


def read_yaml(path: Path) -> dict[str, Any]:
    with path.open() as file:
        content: dict[str, Any] = yaml.safe_load(file)
    return content


def compose() -> dict[str, Any]:
    return read_yaml(ROOT / "docker-compose.yml")


def services_of_shoal() -> dict[str, dict[str, Any]]:
    return {name: service for name, service in compose()["services"].items() if "build" in service}


def without_variables(text: str) -> str:
    """`${NAME:-default}` as compose reads it where NAME is unset."""
    return re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", text)


def panel_queries() -> list[tuple[str, str]]:
    """(panel's title, query) of all targets of the dashboard."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel["targets"]]
