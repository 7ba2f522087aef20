"""Invented holders and cards whose keys everybody may know, and all of the service on one machine."""
