-- Demand per topic from preference reports: what `tastekeeper aggregate` computes, for Spark SQL 4.0 or newer.
--
-- In:  a table or view `reports`, one row per report:
--        payload  binary  the 24 bytes, as they came; equal ones are different shoppers, so never DISTINCT
-- Out: `shares(taxonomy_id, epoch, topics, per_report, ratio, topic, reports, named, share, half_width)`,
--      `refused(reports)`: how many rows are no report.
--
-- A report names per_report (m) of the topics (d). With p = mR / (mR + d - m) and q = (m - p) / (d - 1):
--   share = (named / reports - q) / (p - q)
--   half_width = 1.96 * sqrt(named / reports * (1 - named / reports) / reports) / (p - q)
-- The 95 % interval is share - half_width to share + half_width. Negative shares are kept: they are what makes means over
-- epochs right. Every vocabulary (taxonomy_id), epoch and set of parameters is estimated for itself; keep your own.

-- Reports that an epoch needs before its shares are shown: 50 * (d choose m), here that of 32 topics, 2 per report.
DECLARE OR REPLACE VARIABLE p_minimum BIGINT = 24800L;

-- For example:
--   CREATE TEMPORARY VIEW reports AS SELECT payload FROM parquet.`reports.parquet`;

-- There are no unsigned numbers, so the mask is read in halves.
CREATE OR REPLACE TEMPORARY VIEW fields AS
SELECT
  length(h) = 48
    AND substr(h, 1, 8) = '50560101'
    AND substr(h, 15, 2) = '00'
    AND substr(h, 45, 4) = '0000' AS framed,
  lower(substr(h, 17, 8)) AS taxonomy_id,
  CAST(conv(substr(h, 25, 4), 16, 10) AS INT) AS epoch,
  CAST(conv(substr(h, 9, 2), 16, 10) AS INT) AS topics,
  CAST(conv(substr(h, 11, 2), 16, 10) AS INT) AS per_report,
  CAST(conv(substr(h, 13, 2), 16, 10) AS INT) AS ratio,
  CAST(conv(substr(h, 29, 8), 16, 10) AS BIGINT) AS high,
  CAST(conv(substr(h, 37, 8), 16, 10) AS BIGINT) AS low
FROM (SELECT hex(payload) AS h FROM reports);

-- Only the one encoding that a phone makes.
CREATE OR REPLACE TEMPORARY VIEW masks AS
SELECT taxonomy_id, epoch, topics, per_report, ratio, high, low, count(*) AS reports
FROM fields
WHERE framed
  AND topics BETWEEN 2 AND 64
  AND per_report BETWEEN 1 AND topics DIV 2
  AND ratio BETWEEN 2 AND 8
  AND bit_count(high) + bit_count(low) = per_report
  AND CASE
    WHEN topics <= 32 THEN high = 0 AND shiftright(low, topics) = 0
    ELSE shiftright(high, topics - 32) = 0
  END
GROUP BY taxonomy_id, epoch, topics, per_report, ratio, high, low;

CREATE OR REPLACE TEMPORARY VIEW refused AS
SELECT (SELECT count(*) FROM reports) - (SELECT coalesce(sum(reports), 0) FROM masks) AS reports;

CREATE OR REPLACE TEMPORARY VIEW shares AS
WITH
bits AS (
  SELECT *, explode(sequence(0, topics - 1)) AS topic FROM masks
),
counted AS (
  SELECT
    taxonomy_id,
    epoch,
    topics,
    per_report,
    ratio,
    topic,
    sum(reports) AS reports,
    sum(
      CASE
        WHEN topic < 32 THEN (shiftright(low, topic) & 1) * reports
        ELSE (shiftright(high, topic - 32) & 1) * reports
      END
    ) AS named
  FROM bits
  GROUP BY taxonomy_id, epoch, topics, per_report, ratio, topic
),
chances AS (
  SELECT
    *,
    CAST(named AS DOUBLE) / reports AS frequency,
    CAST(per_report * ratio AS DOUBLE) / (per_report * ratio + topics - per_report) AS p
  FROM counted
  WHERE reports >= p_minimum
),
both AS (
  SELECT *, (per_report - p) / (topics - 1) AS q FROM chances
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
  1.96D * sqrt(frequency * (1 - frequency) / reports) / (p - q) AS half_width
FROM both;
