"""Cases in and out: the gate that every frame passes before a rule reads it."""

from __future__ import annotations

from secondop.rules.encode import coded_cases, encode

__all__ = ["coded_cases", "encode"]
