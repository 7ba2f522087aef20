"""Fixtures for all tests."""

pytest_plugins = ["tests.pcsc_service"]
