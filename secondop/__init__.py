"""When is a second medical opinion worth recommending? For education and analysis, never for care."""

__version__ = "0.1.0"
