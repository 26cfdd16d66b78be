"""How fast is a log read whose words and codes are the hospital's own, beside polars that reads it as text?

Both read the same CSV file in the same run: a column a fact and the rest extra, yes and no in German, levels
as codes, 99 and 999 for what was not recorded. What was read is compared with what was written before
anything is timed. Times depend on the machine; read the ratio, which is to stay below 3.

    python benchmarks/read.py [cases, in millions]
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl
from tqdm import tqdm

from secondop import RULE_BOOK, Kind, read_cases

COLUMNS, REPEATS, MOST = 60, 5, 3.0
FACTS = RULE_BOOK.facts
VALUES: dict = {"ja": "yes", "nein": "no"}
VALUES |= {f.name: {i + 1: level for i, level in enumerate(f.levels)} for f in FACTS.values() if f.levels}
UNKNOWN = {"*": ["k.A.", 999], **{f.name: [99] for f in FACTS.values() if f.levels}}


def make_log(n: int, seed: int = 20_261_127) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A log as a hospital writes it, all text, and what it says of each fact."""
    rng = np.random.default_rng(seed)
    written, meant = {"Patient": pl.Series(range(n)).cast(pl.String)}, {}
    for fact in FACTS.values():
        if fact.kind is Kind.FLAG:
            words, answers = ["ja", "nein", "k.A."], [True, False, None]
        elif fact.has_levels:
            words, answers = [*map(str, range(1, len(fact.levels) + 1)), "99"], [*fact.levels, None]
        else:
            words, answers = ["0", "1", "2", "3", "999", ""], [0, 1, 2, 3, None, None]
        place = pl.Series(rng.integers(0, len(words), n, np.uint8))
        written[fact.name] = pl.Series(words)[place]
        meant[fact.name] = pl.Series(answers, dtype=fact.dtype)[place]
    extra = {f"extra {i}": pl.Series(rng.integers(0, 500, n)).cast(pl.String) for i in range(COLUMNS)}
    log = pl.DataFrame(written | extra).select(pl.nth(range(COLUMNS)))
    return log, pl.DataFrame(meant)


def read(path: Path):
    return read_cases(path, values=VALUES, unknown=UNKNOWN)


def main() -> None:
    n = int(float(sys.argv[1] if len(sys.argv) > 1 else 1) * 1_000_000)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.csv")
        log, meant = make_log(n)
        log.write_csv(path)
        got = read(path)
        if not pl.from_pandas(got[meant.columns]).cast(meant.schema).equals(meant):
            raise SystemExit("What was read is not what was written; nothing was timed.")
        del got, log, meant
        times: dict[str, list[float]] = {"polars, as text": [], "read_cases": []}
        for _ in tqdm(range(REPEATS), desc="rounds", unit="round"):
            for way, run in (
                ("polars, as text", lambda: pl.read_csv(path, infer_schema=False)),
                ("read_cases", lambda: read(path)),
            ):
                start = time.perf_counter()
                run()
                times[way].append(time.perf_counter() - start)
        size = path.stat().st_size / 1e6
    print(f"{n:,} cases, {COLUMNS} columns, {size:,.0f} MB; median of {REPEATS} rounds, in turn")
    for way, each in times.items():
        print(f"{way:20}{np.median(each):8.2f} s")
    ratio = np.median(times["read_cases"]) / np.median(times["polars, as text"])
    print(f"read_cases takes {ratio:.2f} times what polars takes to read it as text (to stay below {MOST:g})")


if __name__ == "__main__":
    main()
