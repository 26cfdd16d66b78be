"""Simulated cases, with the truth beside them."""
