"""A run of pytest inside a test, with the plugin as it is installed."""

from __future__ import annotations

import pytest

# What such a run is the first to import is taken away at its end, so what has state is imported here.
import akis.regress.run
import akis.sources.keys
import akis.transport.pcsc  # noqa: F401


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest with these arguments; a warning is an error. Hypothesis, which takes long to import, stays out."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "BUILD_NUMBER"):  # with these pytest says everything twice, once more in its summary
            patch.delenv(name, raising=False)
        return pytester.runpytest_inprocess(
            "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-W", "error", *arguments
        )
