"""Counting answers by status. Owns nothing else: a label's counter is looked up once."""

from functools import cache

from prometheus_client import Counter

from stores.telemetry import counter


def count_answer(status: int) -> None:
    _of(status).inc()


@cache
def _of(status: int) -> Counter:
    return counter("shoal_requests_total").labels(str(status))
