"""The parameters of a scenario in words."""

from __future__ import annotations

import tomllib
from functools import cache

from secondop.datafiles import data_path


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(data_path("parameter_words.toml").read_text("utf-8"))


def parameter_words(path: str) -> str:
    """A parameter's path, as one says it.

    Examples
    --------
    >>> parameter_words("facts.pathology_result.by.cancer.shares.ambiguous")
    'pathology result (cancer): share of “ambiguous”'
    >>> parameter_words("facts.rare_disease.missing"), parameter_words("rates.first_right")
    ('rare disease: share not recorded', 'how often the first opinion is right')
    """
    known, (section, *rest) = _words(), path.split(".")
    if section == "thresholds":
        said = f"{rest[0]}: threshold of the rules"
    elif section not in ("facts", "effects"):
        said = known["whole"].get(path, path.replace(".", ": "))
    else:
        name, *rest = rest
        if rest[0] == "by":
            name, rest = f"{name} ({rest[1]})", rest[2:]
        said = f"share of “{'.'.join(rest[1:])}”" if len(rest) > 1 else known["own"][rest[0]]
        said = f"{name}: {said}"
    return said.replace("_", " ")
