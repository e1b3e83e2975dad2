"""Sending events: the HTTP tracking API. From a request to records that the broker has acknowledged."""
