"""A run of pytest inside a test, with the plugin as it is installed."""

from __future__ import annotations

import pytest

# What such a run is the first to import is taken away at its end, so what has state is imported here.
import akis.regress.run
import akis.sources.keys
import akis.transport.pcsc  # noqa: F401

NOT_OURS = ("cacheprovider", "hypothesispytest", "anyio", "schemathesis")
RUN_INSIDE = "ignore:Module already imported so cannot be rewritten"
"""What pytest says of the plugin's package, which the tests around this run have imported."""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest with these arguments; a warning is an error. Plugins of others stay out, some take long to import."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "BUILD_NUMBER"):  # with these pytest says everything twice, once more in its summary
            patch.delenv(name, raising=False)
        without = [word for name in NOT_OURS for word in ("-p", f"no:{name}")]
        return pytester.runpytest_inprocess(*without, "-W", "error", "-W", RUN_INSIDE, *arguments)
