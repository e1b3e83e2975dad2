"""Prometheus' configuration and the dashboard name what is there: services, ports, metrics of the closed table."""

import re
import subprocess

import pytest

from schemas.metrics import BY_NAME
from tests.deploy.files import DASHBOARD, PROMETHEUS, PROVISIONING, compose, panel_queries, read_yaml
from tests.support import needs

SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("",), "gauge": ("",), "computed": ("",)}


@needs.PROMETHEUS.mark
def test_prometheus_takes_its_configuration() -> None:
    checked = subprocess.run(
        ["promtool", "check", "config", str(PROMETHEUS)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_prometheus_scrapes_the_ports_that_metrics_are_on() -> None:
    services = compose()["services"]
    for job in read_yaml(PROMETHEUS)["scrape_configs"]:
        for target in job["dns_sd_configs"]:
            for name in target["names"]:
                assert services[name]["environment"]["SHOAL_METRICS_PORT"] == str(target["port"])


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    whole = compose()
    source = read_yaml(PROVISIONING / "datasources" / "prometheus.yml")["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    assert source["uid"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == read_yaml(PROMETHEUS)["global"]["scrape_interval"]
    folder = read_yaml(PROVISIONING / "dashboards" / "shoal.yml")["providers"][0]["options"]["path"]
    mounts = dict(each.split(":")[:2] for each in whole["services"]["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == folder
    home = whole["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{folder}/{DASHBOARD.name}"


@pytest.mark.parametrize(("title", "query"), panel_queries())
def test_every_query_is_over_metrics_of_the_table(title: str, query: str) -> None:
    names = re.findall(r"shoal_[a-z0-9_]+", query)
    assert names, title
    for name in names:
        assert any(name == base + suffix for base, metric in BY_NAME.items() for suffix in SUFFIXES[metric.kind]), name
    for label in re.findall(r"by \(([a-z]+)\) \((?:rate\()?(shoal_[a-z0-9_]+)", query):
        name = label[1].removesuffix("_bucket")
        assert label[0] in (*BY_NAME[name].labels, "le")


def test_every_metric_that_must_be_there_is_on_the_dashboard() -> None:
    shown = " ".join(query for _, query in panel_queries())
    assert [name for name in BY_NAME if name not in shown] == []
