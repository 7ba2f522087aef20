"""Fixtures for all tests."""

import signal

pytest_plugins = ["tests.pcsc_service", "tests.authority_stores", "tests.softhsm", "tests.unlock.cuts.table"]

# Where the tests were started in the background, Ctrl-C is ignored, and so it would be by the programs they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
