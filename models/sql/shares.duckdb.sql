-- Demand per topic from preference reports: what `tastekeeper aggregate` computes, for DuckDB 1.1 or newer.
--
-- In:  a table or view `reports`, one row per report:
--        payload  blob  the 24 bytes, as they came; equal ones are different shoppers, so never DISTINCT
-- Out: `shares(taxonomy_id, epoch, topics, per_report, ratio, topic, reports, named, share, half_width)`,
--      `refused(reports)`: how many rows are no report.
--
-- A report names per_report (m) of the topics (d). With p = mR / (mR + d - m) and q = (m - p) / (d - 1):
--   share = (named / reports - q) / (p - q)
--   half_width = 1.96 * sqrt(named / reports * (1 - named / reports) / reports) / (p - q)
-- The 95 % interval is share - half_width to share + half_width. Negative shares are kept: they are what makes means over
-- epochs right. Every vocabulary (taxonomy_id), epoch and set of parameters is estimated for itself; keep your own.

-- Reports that an epoch needs before its shares are shown: 50 * (d choose m), here that of 32 topics, 2 per report.
SET VARIABLE p_minimum = 24800;

-- For example:
--   CREATE VIEW reports AS SELECT payload FROM read_parquet('reports.parquet');

CREATE OR REPLACE TABLE fields AS
SELECT
  length(h) = 48
    AND substr(h, 1, 8) = '50560101'
    AND substr(h, 15, 2) = '00'
    AND substr(h, 45, 4) = '0000' AS framed,
  lower(substr(h, 17, 8)) AS taxonomy_id,
  TRY_CAST('0x' || substr(h, 25, 4) AS INTEGER) AS epoch,
  TRY_CAST('0x' || substr(h, 9, 2) AS INTEGER) AS topics,
  TRY_CAST('0x' || substr(h, 11, 2) AS INTEGER) AS per_report,
  TRY_CAST('0x' || substr(h, 13, 2) AS INTEGER) AS ratio,
  TRY_CAST('0x' || substr(h, 29, 16) AS UBIGINT) AS mask
FROM (SELECT hex(payload) AS h FROM reports);

-- Only the one encoding that a phone makes.
CREATE OR REPLACE TABLE masks AS
SELECT taxonomy_id, epoch, topics, per_report, ratio, mask, count(*) AS reports
FROM fields
WHERE framed
  AND topics BETWEEN 2 AND 64
  AND per_report BETWEEN 1 AND topics // 2
  AND ratio BETWEEN 2 AND 8
  AND bit_count(mask) = per_report
  AND (topics = 64 OR (mask >> least(topics, 63)::UBIGINT) = 0)
GROUP BY ALL;

CREATE OR REPLACE TABLE refused AS
SELECT (SELECT count(*) FROM reports) - (SELECT coalesce(sum(reports), 0) FROM masks) AS reports;

CREATE OR REPLACE TABLE shares AS
WITH
bits AS (
  SELECT * EXCLUDE (mask), unnest(range(topics)) AS topic, mask FROM masks
),
counted AS (
  SELECT
    taxonomy_id,
    epoch,
    topics,
    per_report,
    ratio,
    topic,
    sum(reports)::BIGINT AS reports,
    sum(CASE WHEN ((mask >> topic::UBIGINT) & 1) = 1 THEN reports ELSE 0 END)::BIGINT AS named
  FROM bits
  GROUP BY ALL
),
chances AS (
  SELECT
    *,
    named / reports::DOUBLE AS frequency,
    per_report * ratio / (per_report * ratio + topics - per_report)::DOUBLE AS p,
    (per_report - p) / (topics - 1) AS q
  FROM counted
  WHERE reports >= getvariable('p_minimum')
)
SELECT
  taxonomy_id,
  epoch,
  topics,
  per_report,
  ratio,
  topic,
  reports,
  named,
  (frequency - q) / (p - q) AS share,
  1.96 * sqrt(frequency * (1 - frequency) / reports) / (p - q) AS half_width
FROM chances
ORDER BY taxonomy_id, epoch, topics, per_report, ratio, topic;

DROP TABLE fields;
DROP TABLE masks;
