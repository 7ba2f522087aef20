"""The ``akis`` command: one module a subcommand, installed as ``akis.tools``."""
