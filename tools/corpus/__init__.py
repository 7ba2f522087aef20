"""The sessions of the trace corpus: who does what to which card, and what has to come of it.

:mod:`akis.tools.make_traces` records them. What a session is about is said once, in its title at the end of its module.
"""
