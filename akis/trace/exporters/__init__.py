"""Traces, written for other programs."""
