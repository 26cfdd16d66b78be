"""Write the classroom page: ``python -m tools.classroom``."""

from __future__ import annotations

import argparse

import pandas as pd

from secondop.datafiles import data_path, write_whole
from secondop.evaluation.knowledge import yield_range
from secondop.teaching.classroom import classroom
from tools.notebooks import ROOT

SCENARIOS = ("general", "surgical", "oncology", "programme")


def counts() -> pd.DataFrame:
    """Of 100 simulated cases: changes found, no-change referrals and missed, by scenario, signal and policy.

    As calibrated to the contrasts at the middle. What all changes are follows from the yield above chance.
    """
    parts, n = [], 100_000
    for scenario in SCENARIOS:
        table = yield_range(scenario, anchors=["middle"], n=n, seed=1)
        keys = ["signal", "policy", "label"]
        wide = table.pivot(index=keys, columns="measure", values="value").reset_index()
        every = 100 * (wide["true_positive"] - wide["yield_above_chance"]) / wide["referral_rate"]
        found, over = wide["true_positive"], wide["referral_rate"] - wide["true_positive"]
        told = wide[keys].assign(
            n=n, found=found.round(3), over=over.round(3), missed=(every - found).round(3)
        )
        parts.append(told.assign(scenario=scenario)[["scenario", *keys, "n", "found", "over", "missed"]])
    return pd.concat(parts, ignore_index=True)


def main() -> None:
    """Write the page and say where it is."""
    parser = argparse.ArgumentParser(
        description="Write the classroom: one page, no network, no installation."
    )
    parser.add_argument(
        "--counts", action="store_true", help="simulate the trade-offs of its data anew first"
    )
    parser.add_argument(
        "--language", choices=["en", "de"], default="en", help="the language in which it opens"
    )
    options = parser.parse_args()
    if options.counts:
        write_whole(data_path("README.md").with_name("classroom_counts.csv"), counts().to_csv(index=False))
    path = classroom(ROOT / "build" / "classroom" / "index.html", language=options.language)
    print(f"The classroom is ready ({path.stat().st_size / 1000:,.0f} kB). Open it in a browser:\n{path}")


if __name__ == "__main__":
    main()
