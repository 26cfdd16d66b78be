"""Cases as rows of plain Python values, taken to every dataframe engine and back."""

import csv
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from secondop.rules.assess import SUMMARY, assess
from secondop.rules.facts import FACTS, Kind
from secondop.rules.indications import RULE_BOOK

DATA = Path(__file__).parents[2] / "data"
RULES = tuple(rule.name for rule in RULE_BOOK)
ARROW = {Kind.FLAG: pa.bool_(), Kind.COUNT: pa.int64(), Kind.NUMBER: pa.float64()}
OPEN: list = []
SPARK = {pa.bool_(): "boolean", pa.int64(): "bigint", pa.float64(): "double", pa.string(): "string"}


def _table(rows):
    """An arrow table of declared types: the fact columns that any row has, and `row`, the position."""
    columns = {"row": pa.array(range(len(rows)), pa.int64())}
    for name in (name for name in FACTS if any(name in row for row in rows)):
        values = [row.get(name) for row in rows]
        kind = ARROW.get(FACTS[name].kind, pa.string())
        if kind == pa.int64() and any(isinstance(value, float) for value in values):
            kind = pa.float64()  # NaN among counts
        columns[name] = pa.array(values, kind)
    return pa.table(columns)


def _pandas_numpy(rows):
    # What a CSV reader or a list of dicts gives: numbers with NaN, flags with gaps as objects.
    return _table(rows).to_pandas(integer_object_nulls=False)


def _pandas_categorical(rows):
    frame = _pandas_numpy(rows)
    levels = {n: pd.CategoricalDtype(FACTS[n].levels) for n in frame if n in FACTS and FACTS[n].has_levels}
    return frame.astype(levels)


def _pandas_nullable(rows):
    dtypes = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype()}
    dtypes |= {pa.float64(): pd.Float64Dtype(), pa.string(): pd.StringDtype("python")}
    return _table(rows).to_pandas(types_mapper=dtypes.get)


def _pandas_pyarrow(rows):
    return _table(rows).to_pandas(types_mapper=pd.ArrowDtype)


def _polars(rows):
    return pl.from_arrow(_table(rows))


def _polars_lazy(rows):
    return _polars(rows).lazy()


def _duckdb(rows):
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    OPEN.append(connection)  # older versions close it once nothing else holds it
    connection.register("cases", _table(rows))
    return connection.sql("select * from cases")


def _dask(rows):
    dataframe = pytest.importorskip("dask.dataframe")
    return dataframe.from_pandas(_pandas_nullable(rows), npartitions=2)


IN_MEMORY = {
    "pandas numpy": _pandas_numpy,
    "pandas categorical": _pandas_categorical,
    "pandas nullable": _pandas_nullable,
    "pandas pyarrow": _pandas_pyarrow,
    "polars": _polars,
    "pyarrow": _table,
}
ELSEWHERE = {"polars lazy": _polars_lazy, "duckdb": _duckdb, "dask": _dask}
LOCAL_ENGINES = [*IN_MEMORY, *ELSEWHERE]
ENGINES = [*LOCAL_ENGINES, pytest.param("pyspark", marks=pytest.mark.needs_java)]


@pytest.fixture(scope="session")
def spark():
    """A small local Spark; mark the test `needs_java`."""
    sql = pytest.importorskip("pyspark.sql")
    small = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1"}
    small |= {"spark.default.parallelism": "1", "spark.driver.bindAddress": "127.0.0.1"}
    small |= {"spark.driver.host": "127.0.0.1"}  # no name of this machine needs to be looked up
    # A session this short does not earn back what the best compiled code costs.
    small |= {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    builder = sql.SparkSession.builder.master("local[1]").appName("secondop-tests")
    session = builder.config(map=small).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def to_engine(request):
    """`to_engine(kind, rows)`: rows, dicts of plain values with None for gaps, as a frame of that kind."""

    def convert(kind, rows):
        if kind != "pyspark":
            return (IN_MEMORY | ELSEWHERE)[kind](rows)
        table = _table(rows)
        types = ", ".join(f"{field.name} {SPARK[field.type]}" for field in table.schema)
        values = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
        return request.getfixturevalue("spark").createDataFrame(values, types)

    return convert


@pytest.fixture(scope="session")
def from_engine():
    """`from_engine(frame)`: any frame as a list of dicts of plain values, in the order of its `row`."""

    def convert(frame):
        module = type(frame).__module__
        if module.startswith("pyspark"):
            rows = [row.asDict() for row in frame.collect()]
        elif module.startswith("pandas") or module.startswith("dask"):
            frame = frame.compute() if module.startswith("dask") else frame
            rows = [
                {k: None if pd.isna(v) else getattr(v, "item", lambda v=v: v)() for k, v in row.items()}
                for row in frame.astype(object).to_dict("records")
            ]
        elif isinstance(frame, pl.LazyFrame):
            rows = frame.collect().to_dicts()
        elif isinstance(frame, pl.DataFrame):
            rows = frame.to_dicts()
        else:  # an arrow table, or a relation in a database
            rows = (frame if isinstance(frame, pa.Table) else frame.to_arrow_table()).to_pylist()
        return sorted(rows, key=lambda row: row["row"])

    return convert


@pytest.fixture(scope="session")
def assess_rows(to_engine, from_engine):
    """`assess_rows(kind, rows, ...)`: rows to that engine, assessed there with verdicts, and back."""

    def run(kind, rows, rule_book=RULE_BOOK):
        wanted = [*SUMMARY, *(rule.name for rule in rule_book)]
        assessed = from_engine(assess(to_engine(kind, rows), rule_book, verdicts=True))
        return [{name: row[name] for name in wanted} for row in assessed]

    return run


@pytest.fixture(scope="session", params=ENGINES)
def engine(request):
    """Every engine's name in turn; PySpark where there is Java."""
    return request.param


@pytest.fixture(scope="session", params=LOCAL_ENGINES)
def local_engine(request):
    """Every engine but PySpark, which is too slow to be asked again and again."""
    return request.param


@pytest.fixture(scope="session")
def data_folder():
    """Where the published numbers and the teaching cases are."""
    return DATA


def _teaching_case(text):
    """One line of the teaching cases: its facts as plain values, its labels as they are."""
    facts = {}
    for name, fact in FACTS.items():
        if text[name] == "":
            facts[name] = None
        elif fact.kind is Kind.FLAG:
            facts[name] = {"yes": True, "no": False}[text[name]]
        else:
            facts[name] = float(text[name]) if fact.is_numeric else text[name]
    return {"facts": facts, **{key: value for key, value in text.items() if key not in FACTS}}


@pytest.fixture(scope="session")
def teaching_cases():
    """Every teaching case: `facts` as plain values, and its other columns as text."""
    with (DATA / "teaching_cases.csv").open(encoding="utf-8", newline="") as file:
        return [_teaching_case(line) for line in csv.DictReader(file)]


@pytest.fixture(scope="session")
def quiet_case(teaching_cases):
    """A case whose every fact is known and which meets no rule: the background of the tables."""
    (case,) = [c for c in teaching_cases if c["title"] == "Everything asked, nothing found"]
    return case["facts"]
