"""Solve every scenario that ships for its rates and contrasts, and store what was found in its file.

``python -m tools.scenarios`` rewrites what is solved; run it after any number of a scenario has changed.
"""

from __future__ import annotations

import re
from pathlib import Path

from secondop.cohorts.calibrate import calibrate, targets
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import read_scenario

FOLDER = Path(__file__).parents[1] / "data" / "scenarios"
ORDER = ("programme", "general", "surgical", "oncology")
"""The scenario that others extend comes first."""


def stored(text: str, solved: Scenario) -> str:
    """The file's text with the solved numbers of this scenario in place of those that it had."""
    sections: dict[str, list[str]] = {}
    for target in targets(solved):
        section, _, key = target.free.rpartition(".")
        p = solved.parameters[target.free]
        numbers = f"value = {p.value:.6f}, lower = {p.lower:.4f}, upper = {p.upper:.4f}"
        line = f'{key} = {{ {numbers}, basis = "fitted", citation = "{p.citation}" }}'
        sections.setdefault(section, []).append(line)
    for section, lines in sections.items():
        head = re.compile(rf"^\[{re.escape(section)}\].*$", re.M)
        if not head.search(text):
            text = f"{text.rstrip()}\n\n[{section}]\n"
        for line in lines:
            start = head.search(text).end()
            end = text.find("\n[", start) + 1 or len(text)
            body, key = text[start:end].rstrip(), line.partition(" ")[0]
            held = re.compile(rf"^{key} = .*$", re.M)
            body = held.sub(lambda _, new=line: new, body) if held.search(body) else f"{body}\n{line}"
            rest = f"\n\n{text[end:]}" if end < len(text) else "\n"
            text = text[:start] + body + rest
    return text


if __name__ == "__main__":
    for name in ORDER:
        path = FOLDER / f"{name}.toml"
        path.write_text(stored(path.read_text("utf-8"), calibrate(read_scenario(path))), "utf-8")
        print(f"solved {name}")
