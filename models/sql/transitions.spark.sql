-- Which item follows which: the counting half of Tastekeeper's transition graph, for Spark SQL 4.0 or newer.
--
-- In:  a table or view `events`, one row per event:
--        user_id  string   the shopper or session
--        item_id  string
--        time     any type that sorts; NULL, which comes first, where there is no time
--        line     bigint   the row of the log: decides between events of one time
--        weight   double   what the event counts, above 0 (1 for all, or by kind of event)
-- Out: views `counts(item, events)` and `transitions(source, target, weight, row_sum)`, computed when they are read.
--
-- For the events x_1..x_m of one user and all p < q <= p + window:
--   A[x_p, x_q] += m^-gamma * delta^(q-p-1) * w_p * w_q,    S = A + rho * A^T.
-- `weight` is S, `row_sum` the sum of the whole row of S, of which the `keep` strongest are written (equal ones: the
-- item with more events first, then the smaller id in byte order; weights are compared as 32-bit floats, so that the
-- order in which they were summed does not decide). Dividing rows by a power of their sum, the logarithm and the final
-- cut are done by `tastekeeper pack --transitions`, which also has the tuned alpha and e0.
--
-- Without repeats only a user's first event of an item counts, and m is the number of those.

DECLARE OR REPLACE VARIABLE p_window INT = 50;
DECLARE OR REPLACE VARIABLE p_gamma DOUBLE = 0.25;
DECLARE OR REPLACE VARIABLE p_delta DOUBLE = 0.8;
DECLARE OR REPLACE VARIABLE p_rho DOUBLE = 0.1;
DECLARE OR REPLACE VARIABLE p_repeats BOOLEAN = false;
DECLARE OR REPLACE VARIABLE p_keep INT = 255;

-- For example:
--   CREATE TEMPORARY VIEW events AS
--   SELECT user_id, item_id, time, line, 1.0D AS weight FROM parquet.`log.parquet`;

CREATE OR REPLACE TEMPORARY VIEW counts AS
SELECT item_id AS item, count(*) AS events
FROM events
GROUP BY item_id;

-- One row per event that counts: its place in its user's history, and how long that is.
CREATE OR REPLACE TEMPORARY VIEW history AS
SELECT
  user_id,
  item_id,
  weight,
  row_number() OVER (PARTITION BY user_id ORDER BY time NULLS FIRST, line) AS place,
  count(*) OVER (PARTITION BY user_id) AS length
FROM (
  SELECT *, row_number() OVER (PARTITION BY user_id, item_id ORDER BY time NULLS FIRST, line) AS occurrence
  FROM events
)
WHERE p_repeats OR occurrence = 1;

CREATE OR REPLACE TEMPORARY VIEW transitions AS
WITH
-- an event once for each later one in the window: exactly as many rows as there are pairs, so long histories do not
-- meet themselves; the condition comes first because `sequence(1, 0)` counts down
steps AS (
  SELECT
    user_id,
    item_id,
    place,
    weight * pow(length, -p_gamma) AS scale,
    explode(sequence(1, CAST(least(p_window, length - place) AS INT))) AS distance
  FROM (SELECT * FROM history WHERE place < length)
),
forward AS (
  SELECT
    steps.item_id AS source,
    later.item_id AS target,
    sum(steps.scale * later.weight * pow(p_delta, steps.distance - 1)) AS weight
  FROM steps
  JOIN history AS later ON later.user_id = steps.user_id AND later.place = steps.place + steps.distance
  GROUP BY steps.item_id, later.item_id
),
both_ways AS (
  SELECT source, target, weight FROM forward
  UNION ALL
  SELECT target, source, p_rho * weight FROM forward WHERE p_rho > 0
),
summed AS (
  SELECT source, target, sum(weight) AS weight FROM both_ways GROUP BY source, target
),
ranked AS (
  SELECT
    source,
    target,
    weight,
    sum(weight) OVER (PARTITION BY source) AS row_sum,
    row_number() OVER (
      PARTITION BY source ORDER BY CAST(weight AS FLOAT) DESC, counts.events DESC, target
    ) AS rank
  FROM summed
  JOIN counts ON counts.item = summed.target
)
SELECT source, target, weight, row_sum
FROM ranked
WHERE rank <= p_keep;

-- Then:
--   INSERT OVERWRITE DIRECTORY 'counts' USING parquet SELECT /*+ COALESCE(1) */ * FROM counts;
--   INSERT OVERWRITE DIRECTORY 'transitions' USING parquet SELECT /*+ COALESCE(1) */ * FROM transitions;
