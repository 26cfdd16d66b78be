"""What many tests need: rows of plain values to every engine and back, small books, decks, pages."""

import atexit
import csv
import os
import re
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from bs4 import BeautifulSoup
from hypothesis import settings

from secondop.datafiles import data_path
from secondop.rules.assess import SUMMARY, assess
from secondop.rules.conditions import Among, AtLeast, Compare, Not
from secondop.rules.facts import Kind
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Amplifier, CounterIndication, Indication, Source

os.environ["PYSPARK_PYTHON"] = sys.executable  # `python3` may be another version than the environment
ARROW = {Kind.FLAG: pa.bool_(), Kind.COUNT: pa.int64(), Kind.NUMBER: pa.float64()}
SQL = {pa.bool_(): "boolean", pa.int64(): "bigint", pa.float64(): "double", pa.string(): "string"}
NULLABLE = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype()}
NULLABLE |= {pa.string(): pd.StringDtype("python")}

# ------------------------------------------------------------------ how much of it a quick run takes


def examples(full, **more):
    """So many examples of hypothesis in a full run, and as much fewer in a quick one as its profile has."""
    profiles = settings.default, settings.get_profile("secondop")
    now, usual = (profile.max_examples for profile in profiles)
    return settings(max_examples=max(1, full * now // usual), **more)


def sampled(rows, quick=()):
    """Rows of a table of tests, of which a quick run takes these, or else the first of every ten."""
    rows = list(rows)
    kept, slow = quick or rows[::10], pytest.mark.slow
    marks = [[] if any(row is x for x in kept) else [slow] for row in rows]
    return [r if hasattr(r, "marks") else pytest.param(r, marks=m) for r, m in zip(rows, marks, strict=True)]


# ------------------------------------------------------------------ rows to every engine and back


def as_arrow(rows, facts):
    """Rows (dicts of plain values, None for a gap) as one table: `row`, and each fact that any states."""
    columns = {"row": pa.array(range(len(rows)), pa.int64())}
    for name, fact in facts.items():
        if any(name in row for row in rows):
            values = [row.get(name) for row in rows]
            text = any(isinstance(value, str) for value in values)
            kind = pa.string() if text else ARROW.get(fact.kind, pa.string())
            if kind == pa.int64() and any(isinstance(value, float) for value in values):
                kind = pa.float64()  # NaN among counts
            columns[name] = pa.array(values, kind)
    return pa.table(columns)


def _categorical(table):
    words = [field.name for field in table.schema if field.type == pa.string()]
    return table.to_pandas().astype(dict.fromkeys(words, "category"))


@cache
def _duckdb():
    return pytest.importorskip("duckdb").connect()


def _in_duckdb(table):
    name = f"cases_{id(table)}"
    _duckdb().register(name, table)
    return _duckdb().sql(f"select * from {name}")


@cache
def spark():
    """A small local Spark, one for all tests; mark the test `needs_java`."""
    sql = pytest.importorskip("pyspark.sql")
    small = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1"}
    small |= {"spark.default.parallelism": "1", "spark.driver.bindAddress": "127.0.0.1"}
    small |= {"spark.driver.host": "127.0.0.1"}  # no name of this machine needs to be looked up
    # a session this short does not earn back what the best compiled code costs
    small |= {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    session = sql.SparkSession.builder.master("local[1]").appName("tests").config(map=small).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    atexit.register(session.stop)
    return session


def _in_spark(table):
    types = ", ".join(f"{field.name} {SQL[field.type]}" for field in table.schema)
    return spark().createDataFrame([tuple(row.values()) for row in table.to_pylist()], types)


def _in_dask(table):
    dask = pytest.importorskip("dask.dataframe")
    return dask.from_pandas(table.to_pandas(types_mapper=NULLABLE.get), npartitions=2)


IN_MEMORY = {
    "pandas numpy": pa.Table.to_pandas,  # numbers with NaN, flags with gaps as objects
    "pandas object": lambda table: table.to_pandas().astype(object),
    "pandas categorical": _categorical,
    "pandas nullable": lambda table: table.to_pandas(types_mapper=NULLABLE.get),
    "pandas pyarrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow,
    "pyarrow": lambda table: table,
}
ELSEWHERE = {"polars lazy": lambda table: pl.from_arrow(table).lazy(), "duckdb": _in_duckdb, "dask": _in_dask}
LOCAL_ENGINES = [*IN_MEMORY, *ELSEWHERE]
ENGINES = [*LOCAL_ENGINES, pytest.param("pyspark", marks=pytest.mark.needs_java)]
LAZY_ENGINES = ENGINES[len(IN_MEMORY) :]


def to_engine(kind, rows, facts):
    """Rows as a frame of that kind; a fact that any row gives as text is a column of text."""
    return (IN_MEMORY | ELSEWHERE | {"pyspark": _in_spark})[kind](as_arrow(rows, facts))


def rows_of(frame):
    """Any frame, collected, as a list of dicts of plain values, in the order of its `row`."""
    module = type(frame).__module__
    if module.startswith("pyspark"):
        rows = [row.asDict() for row in frame.collect()]
    elif module.startswith(("pandas", "dask")):
        frame = frame.compute() if module.startswith("dask") else frame
        rows = [
            {k: None if pd.isna(v) else getattr(v, "item", lambda v=v: v)() for k, v in row.items()}
            for row in frame.astype(object).to_dict("records")
        ]
    elif isinstance(frame, (pl.LazyFrame, pl.DataFrame)):
        rows = frame.lazy().collect().to_dicts()
    else:  # an arrow table, or a relation in a database
        rows = (frame if isinstance(frame, pa.Table) else frame.to_arrow_table()).to_pylist()
    return sorted(rows, key=lambda row: row["row"])


def assessed(kind, rows, book):
    """Rows to that engine, assessed there with verdicts, and back: the summary and every verdict."""
    wanted = [*SUMMARY, *(rule.name for rule in book)]
    found = rows_of(assess(to_engine(kind, rows, book.facts), book, verdicts=True))
    return [{name: row[name] for name in wanted} for row in found]


def answers(condition, rows):
    """What a condition answers to rows of answers by fact, in memory; what a row lacks is not recorded."""
    frame = pl.DataFrame(
        {name: [row.get(name) for row in rows] for name in condition.facts},
        schema={name: fact.dtype for name, fact in condition.facts.items()},
    )
    return frame.select(answer=condition.to_expr(lambda fact: pl.col(fact.name)))["answer"].to_list()


# ------------------------------------------------------------------ the same, said once more in plain Python

PLAIN = {
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
}


def says(condition, case):
    """Kleene's logic in plain Python: the program to compare with."""
    match condition:
        case Among(fact, ()):
            return case.get(fact.name)
        case Among(fact, levels):
            return None if case.get(fact.name) is None else case[fact.name] in levels
        case Compare(fact, op, value):
            place = fact.levels.index if fact.has_levels else float
            return None if case.get(fact.name) is None else PLAIN[op](place(case[fact.name]), place(value))
        case Not(part):
            return None if (held := says(part, case)) is None else not held
        case AtLeast(k, parts):
            held = [says(part, case) for part in parts]
            return True if held.count(True) >= k else False if held.count(False) > len(held) - k else None


def all_of(parts):
    """Every part holds."""
    return AtLeast(len(parts), parts)


def any_of(parts):
    """At least one part holds."""
    return AtLeast(1, parts)


def assessment(case, book):
    """How verdicts combine, in plain Python: what `assessed` should give for one case."""
    held = {rule.name: says(rule.when, case) for rule in book}

    def highest(counts):
        for level in ("urgent", "recommended", "optional"):
            if any(held[rule.name] in counts for rule in book if rule.level == level):
                return level
        against = [held[rule.name] for rule in book if isinstance(rule, CounterIndication)]
        return "not_needed" if True in against else "no_indication"

    said, possible = highest([True]), highest([True, None])
    fires = [str(rule.level) for rule in book if held[rule.name]]
    return {
        "recommendation": said,
        "possible": possible,
        "undetermined": said != possible,
        "indications": fires.count("urgent") + fires.count("recommended"),
        "preferences": fires.count("optional"),
        **held,
    }


# ------------------------------------------------------------------ small books, tables and decks


def rule(name, when, level="recommended", **more):
    """A rule that only what is given makes special; its level may be "against" or "amplifier"."""
    given = {"label": f"Reason {name}", "group": "own", "source": "sop"} | more
    other = {"against": CounterIndication, "amplifier": Amplifier}.get(level)
    return other(name, when=when, **given) if other else Indication(name, when=when, level=level, **given)


def small_book(*rules, **more):
    """A book of these rules."""
    about = {"title": "A small book", "subject": "second look", "version": "1"}
    return RuleBook(rules=rules, **about | {"sources": [Source("sop", "Our own SOP, 2026")]} | more)


def read_tables(text, facts):
    """`{title: [(situation, answers by fact, verdict)]}`; a title names the facts of the rows below it.

    A line that ends with a comma goes on in the next.
    """
    tables = {}
    for line in filter(str.strip, re.sub(r",\n\s*", ", ", text).splitlines()):
        if not line.startswith(" "):
            title, names = line.split(": ")
            names = names.split(", ")
            tables[title] = []
        else:
            situation, *cells, verdict = (cell.strip() for cell in line.split("|"))
            given = {name: read_answer(facts[name], cell) for name, cell in zip(names, cells, strict=True)}
            tables[title].append((situation, given, {"yes": True, "no": False, "?": None}[verdict]))
    return tables


def read_answer(fact, cell):
    """A cell of a table or of a deck as a plain value; `?` and nothing are not recorded."""
    if cell in ("?", ""):
        return None
    if fact.kind is Kind.FLAG:
        return {"yes": True, "no": False}[cell]
    return cell if fact.has_levels else {Kind.COUNT: int, Kind.NUMBER: float}[fact.kind](cell)


def deck(file, facts):
    """The teaching cases of a file: every column as text, and `facts`, their answers as plain values."""
    with data_path(file).open(encoding="utf-8", newline="") as lines:
        return [
            line | {"facts": {name: read_answer(fact, line[name]) for name, fact in facts.items()}}
            for line in csv.DictReader(lines)
        ]


class Page(HTMLParser):
    """The tags, the attributes and the words of a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.words += data


# ------------------------------------------------------------------ what notebooks print


def stored_table(notebook: str, cell: str) -> dict[tuple[str, str], list[str]]:
    """The table that a cell of a stored notebook shows: by group ("" if none) and label, its texts."""
    (path,) = (Path(__file__).resolve().parents[1] / "notebooks").glob(f"{notebook}-*.ipynb")
    (outputs,) = (found.outputs for found in nbformat.read(path, as_version=4).cells if found.id == cell)
    (html,) = (out["data"]["text/html"] for out in outputs if "text/html" in out.get("data", {}))
    rows, group = {}, ""
    for row in BeautifulSoup(html, "html.parser").select("tbody tr"):
        label, *texts = (x.get_text(strip=True) for x in row(["th", "td"]))
        if row.th.get("scope") == "rowgroup":
            group = label
        else:
            rows[group, label] = texts
    return rows
