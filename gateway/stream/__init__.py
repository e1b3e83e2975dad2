"""Changes of memberships as server-sent events."""
