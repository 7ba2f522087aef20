"""In what cards differ."""
