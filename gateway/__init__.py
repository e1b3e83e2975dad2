"""The HTTP side: collector, lookups, segments, pages, metrics."""
