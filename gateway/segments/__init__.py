"""Segments over HTTP: made, changed, removed, and brought from `backfilling` to `live`."""
