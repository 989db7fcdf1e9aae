"""Runs one of models/sql/shares in its engine: shares.py ENGINE SQL_FILE PAYLOADS_CSV OUT_FOLDER.

PAYLOADS_CSV has one column, payload, in hexadecimal digits. OUT_FOLDER receives shares.csv and refused.csv.
"""

import os
import sys

import pyarrow.csv

from transitions import statements

TABLES = {
    "shares": "taxonomy_id, epoch, topics, per_report, ratio, topic, reports, named, share, half_width",
    "refused": "reports",
}


def duckdb_tables(sql, payloads):
    import duckdb

    engine = duckdb.connect()
    columns = "{'payload': 'VARCHAR'}"
    rows = f"read_csv('{payloads}', header = true, columns = {columns}, force_not_null = ['payload'])"
    engine.execute(f"CREATE TABLE reports AS SELECT unhex(payload) AS payload FROM {rows}")
    for statement in sql:
        engine.execute(statement)
    return {name: engine.sql(f"SELECT {columns} FROM {name}").to_arrow_table() for name, columns in TABLES.items()}


def clickhouse_tables(sql, payloads):
    from chdb.session import Session

    engine = Session()
    engine.query("CREATE DATABASE shop")
    engine.query("USE shop")
    rows = f"file('{payloads}', CSVWithNames, 'payload String')"
    engine.query(f"CREATE TABLE reports ENGINE = Memory AS SELECT unhex(payload) AS payload FROM {rows}")
    for statement in sql:
        engine.query(statement)
    return {name: engine.query(f"SELECT {columns} FROM {name}", "ArrowTable") for name, columns in TABLES.items()}


def spark_tables(sql, payloads):
    from pyspark.sql import SparkSession

    engine = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    engine = engine.config("spark.sql.shuffle.partitions", "4").getOrCreate()
    rows = engine.read.csv(payloads, header=True, schema="payload STRING", nullValue="NULL", emptyValue="")
    rows.selectExpr("unhex(payload) AS payload").createTempView("reports")
    for statement in sql:
        engine.sql(statement)
    return {name: engine.sql(f"SELECT {columns} FROM {name}").toArrow() for name, columns in TABLES.items()}


def main():
    engine, sql, payloads, out = sys.argv[1:]
    tables = {"duckdb": duckdb_tables, "clickhouse": clickhouse_tables, "spark": spark_tables}[engine]
    for name, table in tables(statements(sql), os.path.abspath(payloads)).items():
        pyarrow.csv.write_csv(table, os.path.join(out, f"{name}.csv"))


main()
