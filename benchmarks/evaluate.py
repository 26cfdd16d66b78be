"""How fast are firing rates and the trade-off on a large file, beside reading its columns once?

Each engine counts in a process of its own, so that its memory is its own: how often each rule fires by
specialty, the whole trade-off, and, by hand, a bare aggregation of the same columns. The file is made once,
of a simulated cohort that is streamed to parquet. Times depend on the machine: use an idle one, and read the
ratios. The memory of Spark lies in Java and is not seen.

    python benchmarks/evaluate.py [cases, in millions: 5 unless stated]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ENGINES = ("polars", "duckdb", "spark")
WORK = ("reading the columns", "firing rates", "trade-off")
AIMS = {"polars": "at most 2 s, 400 MiB", "duckdb": "at most 5 s, 400 MiB", "spark": ""}
GROUP, BATCH = "specialty", 250_000


def make(path: str, n: int) -> None:
    """Stream a simulated cohort into a parquet file."""
    import pyarrow.parquet as pq
    from tqdm import tqdm

    from secondop import simulate_batches

    writer = None
    with tqdm(total=n, unit="case", unit_scale=True, desc="simulating") as progress:
        for cases in simulate_batches("general", n, seed=1, batch=BATCH, engine="polars"):
            table = cases.to_arrow()
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
            progress.update(len(cases))
    writer.close()


def opened(engine: str, path: str) -> Any:
    """The file as a lazy frame of the engine."""
    if engine == "polars":
        import polars as pl

        return pl.scan_parquet(path)
    if engine == "duckdb":
        import duckdb

        return duckdb.connect().read_parquet(path)
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session.read.parquet(path)


def read_once(engine: str, cases: Any) -> None:
    """By hand: by group, yes and unknown of every flag that a rule reads, and unknown of its other facts."""
    from secondop import RULE_BOOK

    facts = RULE_BOOK.rule_facts.values()
    flags, every = [fact.name for fact in facts if fact.kind == "flag"], [fact.name for fact in facts]
    if engine == "polars":
        import polars as pl

        yes = [pl.col(name).sum().alias(f"{name} yes") for name in flags]
        unknown = [pl.col(name).null_count() for name in every if name != GROUP]
        cases.group_by(GROUP).agg(*yes, *unknown).collect()
        return
    yes = [f"sum(CASE WHEN {name} THEN 1 ELSE 0 END) AS {name}_yes" for name in flags]
    sums = ", ".join([*yes, *(f"count(*) - count({name}) AS {name}_unknown" for name in every)])
    if engine == "duckdb":
        cases.aggregate(f"{GROUP}, {sums}", GROUP).fetchall()
    else:
        cases.createOrReplaceTempView("cases")
        cases.sparkSession.sql(f"SELECT {GROUP}, {sums} FROM cases GROUP BY {GROUP}").collect()


def run(engine: str, work: str, path: str, small: str) -> None:
    """One measurement: everything is imported and used once on a few cases before."""
    from secondop import firing_rates, tradeoff

    calls = {
        WORK[0]: lambda cases: read_once(engine, cases),
        WORK[1]: lambda cases: firing_rates(cases, by=GROUP),
        WORK[2]: tradeoff,
    }
    calls[work](opened(engine, small))
    before, start = _peak(), time.perf_counter()
    calls[work](opened(engine, path))
    print(json.dumps([time.perf_counter() - start, _peak() - before]))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB on Linux


def main() -> None:
    """Make the file, measure, and print the table."""
    n = int(float(sys.argv[1] if len(sys.argv) > 1 else 5) * 1_000_000)
    os.environ["PYSPARK_PYTHON"] = sys.executable  # `python3` may be another version
    with tempfile.TemporaryDirectory() as folder:
        path, small = (str(Path(folder) / name) for name in ("cases.parquet", "few.parquet"))
        for file, size in ((small, 1_000), (path, n)):
            subprocess.run([sys.executable, __file__, "make", file, str(size)], check=True)
        size = Path(path).stat().st_size / 2**20
        print(f"{n:,} cases, parquet of {size:.0f} MiB, {os.cpu_count()} processors")
        print(f"{'engine':8}{'work':22}{'s':>8}{'times reading':>15}{'MiB':>8}  aim")
        for engine in ENGINES:
            reading = float("nan")
            for work in WORK:
                command = [sys.executable, __file__, "run", engine, work, path, small]
                told = subprocess.run(command, capture_output=True, text=True)
                if told.returncode:
                    print(f"{engine:8}{work:22}did not run: {(told.stderr.splitlines() or ['?'])[-1]}")
                    continue
                seconds, memory = json.loads(told.stdout.splitlines()[-1])
                reading = seconds if work == WORK[0] else reading
                said = f"{engine:8}{work:22}{seconds:8.2f}{seconds / reading:15.1f}{memory:8.0f}"
                print(f"{said}  {'' if work == WORK[0] else AIMS[engine]}", flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", path, n]:
            make(path, int(n))
        case ["run", *given]:
            run(*given)
        case _:
            main()
