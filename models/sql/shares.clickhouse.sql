-- Demand per topic from preference reports: what `tastekeeper aggregate` computes, for ClickHouse 24.3 or newer.
--
-- In:  a table or view `reports`, one row per report:
--        payload  String  the 24 bytes, as they came; equal ones are different shoppers, so never DISTINCT
-- Out: `shares(taxonomy_id, epoch, topics, per_report, ratio, topic, reports, named, share, half_width)`,
--      `refused(reports)`: how many rows are no report.
--
-- A report names per_report (m) of the topics (d). With p = mR / (mR + d - m) and q = (m - p) / (d - 1):
--   share = (named / reports - q) / (p - q)
--   half_width = 1.96 * sqrt(named / reports * (1 - named / reports) / reports) / (p - q)
-- The 95 % interval is share - half_width to share + half_width. Negative shares are kept: they are what makes means over
-- epochs right. Every vocabulary (taxonomy_id), epoch and set of parameters is estimated for itself; keep your own.

-- Reports that an epoch needs before its shares are shown: 50 * (d choose m), here that of 32 topics, 2 per report.
SET param_p_minimum = 24800;

-- Only the one encoding that a phone makes.
CREATE OR REPLACE TABLE masks ENGINE = Memory AS
SELECT
  lower(hex(substring(payload, 9, 4))) AS taxonomy_id,
  reinterpretAsUInt16(reverse(substring(payload, 13, 2))) AS epoch,
  reinterpretAsUInt8(substring(payload, 5, 1)) AS topics,
  reinterpretAsUInt8(substring(payload, 6, 1)) AS per_report,
  reinterpretAsUInt8(substring(payload, 7, 1)) AS ratio,
  reinterpretAsUInt64(reverse(substring(payload, 15, 8))) AS mask,
  count() AS reports
FROM reports
WHERE length(payload) = 24
  AND hex(substring(payload, 1, 4)) = '50560101'
  AND hex(substring(payload, 8, 1)) = '00'
  AND hex(substring(payload, 23, 2)) = '0000'
  AND topics BETWEEN 2 AND 64
  AND per_report BETWEEN 1 AND intDiv(topics, 2)
  AND ratio BETWEEN 2 AND 8
  AND bitCount(mask) = per_report
  AND (topics = 64 OR bitShiftRight(mask, least(topics, 63)) = 0)
GROUP BY taxonomy_id, epoch, topics, per_report, ratio, mask;

CREATE OR REPLACE TABLE refused ENGINE = Memory AS
SELECT (SELECT count() FROM reports) - (SELECT sum(reports) FROM masks) AS reports;

CREATE OR REPLACE TABLE shares ENGINE = Memory AS
WITH
counted AS (
  SELECT
    taxonomy_id,
    epoch,
    topics,
    per_report,
    ratio,
    topic,
    sum(masks.reports) AS all_reports,
    sum(if(bitTest(mask, topic), masks.reports, 0)) AS named
  FROM masks
  ARRAY JOIN range(topics) AS topic
  GROUP BY taxonomy_id, epoch, topics, per_report, ratio, topic
  HAVING all_reports >= {p_minimum:UInt64}
),
chances AS (
  SELECT
    *,
    named / all_reports AS frequency,
    per_report * ratio / (per_report * ratio + topics - per_report) AS p,
    (per_report - p) / (topics - 1) AS q
  FROM counted
)
SELECT
  taxonomy_id,
  epoch,
  topics,
  per_report,
  ratio,
  topic,
  all_reports AS reports,
  named,
  (frequency - q) / (p - q) AS share,
  1.96 * sqrt(frequency * (1 - frequency) / all_reports) / (p - q) AS half_width
FROM chances
ORDER BY taxonomy_id, epoch, topics, per_report, ratio, topic;

DROP TABLE masks;
