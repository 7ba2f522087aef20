"""The authority over HTTP: routes, documents of what went wrong, limits, logs, figures."""
