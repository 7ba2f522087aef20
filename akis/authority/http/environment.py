"""What the processes of one authority agree upon, by the names of environment variables and exit codes."""

SETTINGS = "AKIS_AUTHORITY_SETTINGS"
"""Here a worker finds its settings, as JSON. No secret is among them."""
URL = "AKIS_AUTHORITY_URL"
"""Where it listens, for the line that says so."""
FIGURES = "PROMETHEUS_MULTIPROC_DIR"
"""The folder in which workers add up their figures, by prometheus_client's own name."""
FAILED_TO_START = 3
"""The exit code by which uvicorn knows that a worker would fail again if it were started again."""
