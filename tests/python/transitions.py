"""Runs one of models/sql in its engine: transitions.py ENGINE SQL_FILE EVENTS_CSV OUT_FOLDER.

EVENTS_CSV has the columns user_id, item_id, time, line, weight; an empty time is NULL. OUT_FOLDER receives
counts.parquet and transitions.parquet, and the same as .csv.
"""

import os
import sys

import pyarrow.csv
import pyarrow.parquet

TABLES = {"counts": "item, events", "transitions": "source, target, weight, row_sum"}


def statements(path):
    """The file's statements; comments end with the line and no text holds a semicolon."""
    with open(path, encoding="utf-8") as file:
        code = "\n".join(line.split("--")[0] for line in file)
    return [part.strip() for part in code.split(";") if part.strip()]


def duckdb_tables(sql, events):
    import duckdb

    engine = duckdb.connect()
    engine.execute("SET threads = 2")
    columns = "{'user_id': 'VARCHAR', 'item_id': 'VARCHAR', 'time': 'BIGINT', 'line': 'BIGINT', 'weight': 'DOUBLE'}"
    engine.execute(f"CREATE TABLE events AS SELECT * FROM read_csv('{events}', header = true, columns = {columns})")
    for statement in sql:
        engine.execute(statement)
    return {name: engine.sql(f"SELECT {columns} FROM {name}").to_arrow_table() for name, columns in TABLES.items()}


def clickhouse_tables(sql, events):
    from chdb.session import Session

    engine = Session()
    columns = "user_id String, item_id String, time Nullable(Int64), line UInt64, weight Float64"
    engine.query("CREATE DATABASE shop")
    engine.query("USE shop")
    engine.query(f"CREATE TABLE events ENGINE = Memory AS SELECT * FROM file('{events}', CSVWithNames, '{columns}')")
    for statement in sql:
        engine.query(statement)
    return {name: engine.query(f"SELECT {columns} FROM {name}", "ArrowTable") for name, columns in TABLES.items()}


def spark_tables(sql, events):
    from pyspark.sql import SparkSession

    engine = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    engine = engine.config("spark.sql.shuffle.partitions", "4").getOrCreate()
    columns = "user_id STRING, item_id STRING, time BIGINT, line BIGINT, weight DOUBLE"
    engine.read.csv(events, header=True, schema=columns, escape='"').createTempView("events")
    for statement in sql:
        engine.sql(statement)
    return {name: engine.sql(f"SELECT {columns} FROM {name}").toArrow() for name, columns in TABLES.items()}


def main():
    engine, sql, events, out = sys.argv[1:]
    tables = {"duckdb": duckdb_tables, "clickhouse": clickhouse_tables, "spark": spark_tables}[engine]
    for name, table in tables(statements(sql), os.path.abspath(events)).items():
        pyarrow.parquet.write_table(table, os.path.join(out, f"{name}.parquet"))
        pyarrow.csv.write_csv(table, os.path.join(out, f"{name}.csv"))


if __name__ == "__main__":
    main()
