"""Write dcurves_reference.csv: decision curves by the PyPI package dcurves, to check ours against.

dcurves needs lifelines, which needs pandas below 3, so it cannot live beside this project. To run it:

    python -m venv /tmp/dcurves && /tmp/dcurves/bin/pip install dcurves==1.1.7
    /tmp/dcurves/bin/python tests/evaluation/make_dcurves_reference.py

The file was written with dcurves 1.1.7, pandas 2.3.3 and numpy 2.4.6. The cases follow from the seed alone
(see ``make_cases``, which the test calls too), so only dcurves' answers are stored.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SEED, N = 20_261_124, 2_000
THRESHOLDS = (0.01, 0.05, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.75)
POLICIES, PROBABILITY = ("narrow", "wide", "useless"), "probability"


def make_cases() -> pd.DataFrame:
    """Policies of three sorts, a probability, and whether an opinion would change something."""
    rng = np.random.default_rng(SEED)  # only uniforms: their stream is the same in every numpy since 1.17
    latent, noise, coin = rng.random(N), rng.random(N), rng.random(N)
    return pd.DataFrame(
        {
            "changed": rng.random(N) < 0.6 * latent,
            "narrow": latent + 0.3 * noise > 1.1,
            "wide": latent + 0.3 * noise > 0.5,
            "useless": coin < 0.4,
            "probability": np.clip(0.7 * latent + 0.2 * (noise - 0.5), 0, 1),
        }
    )


if __name__ == "__main__":
    from dcurves import dca

    cases = make_cases()
    table = dca(
        data=cases.astype(float).assign(changed=cases["changed"]),
        outcome="changed",
        modelnames=[*POLICIES, PROBABILITY],
        thresholds=THRESHOLDS,
    )
    columns = ["model", "threshold", "n", "net_benefit", "net_intervention_avoided"]
    path = Path(__file__).with_name("dcurves_reference.csv")
    table[columns].to_csv(path, index=False, float_format="%.17g", lineterminator="\n")
