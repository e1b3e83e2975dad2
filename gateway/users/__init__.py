"""Users over HTTP: uploaded by JSON or CSV, and erased."""
