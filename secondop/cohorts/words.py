"""The parameters of a scenario in words."""

from __future__ import annotations

_OWN = {
    "difficulty": "loading on difficulty",
    "gravity": "loading on gravity",
    "contest": "loading on contest",
    "missing": "share not recorded",
    "missing difficulty": "gaps' loading on difficulty",
    "share": "share of “yes”",
    "first right": "effect on a right first diagnosis",
    "treatment changed": "effect on a changed treatment",
    "contrast": "contrast that its effect is solved for",
}
_WORDS = {
    "signal": "what facts know (signal)",
    "missing.share": "any fact: share not recorded",
    "missing.difficulty": "any fact: gaps' loading on difficulty",
    "rates.sought": "how many patients seek an opinion",
    "rates.first_right": "how often the first opinion is right",
    "rates.second_right": "how often the second is right where they differ",
    "rates.diagnosis_changed": "diagnosis changes, of all cases",
    "rates.treatment_changed": "treatment changes, of all cases",
    "rates.diagnosis_changed_sought": "diagnosis changes, of those who seek",
    "rates.treatment_changed_sought": "treatment changes, of those who seek",
    "rates.both_changed_sought": "both change, of those who seek",
    "readers.difficulty": "how much difficulty misleads (log-odds)",
    "readers.anchoring": "pull of the first opinion on the second (odds)",
    "outcomes.gravity": "treatment changes: weight of gravity (log-odds)",
    "outcomes.contest": "treatment changes: weight of contest (log-odds)",
    "outcomes.plan_dropped": "how often a changed plan drops the intervention",
    "sought.wish": "how much a wish makes patients seek one (log-odds)",
    "sought.gravity": "seeking an opinion: weight of gravity (log-odds)",
}


def parameter_words(path: str) -> str:
    """A parameter's path, as one says it.

    Examples
    --------
    >>> parameter_words("facts.pathology_result.by.cancer.shares.ambiguous")
    'pathology result (cancer): share of “ambiguous”'
    >>> parameter_words("facts.rare_disease.missing"), parameter_words("rates.first_right")
    ('rare disease: share not recorded', 'how often the first opinion is right')
    """
    section, *rest = path.replace("_", " ").split(".")
    if section == "thresholds":
        return f"{rest[0]}: threshold of the rules"
    if section not in ("facts", "effects"):
        return _WORDS.get(path, path.replace("_", " ").replace(".", ": "))
    name, *rest = rest
    if rest[0] == "by":
        name, rest = f"{name} ({rest[1]})", rest[2:]
    return f"{name}: share of “{'.'.join(rest[1:])}”" if len(rest) > 1 else f"{name}: {_OWN[rest[0]]}"
