-- Which item follows which: the counting half of Tastekeeper's transition graph, for ClickHouse 24.3 or newer.
--
-- In:  a table or view `events`, one row per event:
--        user_id  String   the shopper or session
--        item_id  String
--        time     any type that sorts; NULL, which comes first, where there is no time
--        line     UInt64   the row of the log: decides between events of one time
--        weight   Float64  what the event counts, above 0 (1 for all, or by kind of event)
-- Out: tables `counts(item, events)` and `transitions(source, target, weight, row_sum)`.
--
-- For the events x_1..x_m of one user and all p < q <= p + window:
--   A[x_p, x_q] += m^-gamma * delta^(q-p-1) * w_p * w_q,    S = A + rho * A^T.
-- `weight` is S, `row_sum` the sum of the whole row of S, of which the `keep` strongest are written (equal ones: the
-- item with more events first, then the smaller id in byte order; weights are compared as 32-bit floats, so that the
-- order in which they were summed does not decide). Dividing rows by a power of their sum, the logarithm and the final
-- cut are done by `tastekeeper pack --transitions`, which also has the tuned alpha and e0.
--
-- Without repeats only a user's first event of an item counts, and m is the number of those.
-- On a log larger than memory: SET join_algorithm = 'grace_hash', max_bytes_before_external_group_by and _sort.

SET param_p_window = 50;
SET param_p_gamma = 0.25;
SET param_p_delta = 0.8;
SET param_p_rho = 0.1;
SET param_p_repeats = 0;
SET param_p_keep = 255;

-- For example:
--   CREATE VIEW events AS
--   SELECT user_id, item_id, time, line, 1.0 AS weight FROM file('log.parquet');

CREATE OR REPLACE TABLE counts ENGINE = MergeTree ORDER BY item AS
SELECT item_id AS item, count() AS events
FROM events
GROUP BY item_id;

-- One row per event that counts: its place in its user's history, and how long that is.
CREATE OR REPLACE TABLE history ENGINE = MergeTree ORDER BY (user_id, place) AS
SELECT
  user_id,
  item_id,
  weight,
  row_number() OVER (PARTITION BY user_id ORDER BY time NULLS FIRST, line) AS place,
  count() OVER (PARTITION BY user_id) AS length
FROM (
  SELECT *, row_number() OVER (PARTITION BY user_id, item_id ORDER BY time NULLS FIRST, line) AS occurrence
  FROM events
)
WHERE {p_repeats:UInt8} OR occurrence = 1;

CREATE OR REPLACE TABLE transitions ENGINE = MergeTree ORDER BY (source, rank) AS
WITH
-- an event once for each later one in the window: exactly as many rows as there are pairs, so long histories do not
-- meet themselves
steps AS (
  SELECT
    user_id,
    item_id,
    weight * pow(length, -{p_gamma:Float64}) AS scale,
    arrayJoin(range(1, least(toUInt64({p_window:UInt32}), length - place) + 1)) AS distance,
    place + distance AS later_place
  FROM history
),
forward AS (
  SELECT
    steps.item_id AS source,
    later.item_id AS target,
    sum(steps.scale * later.weight * pow({p_delta:Float64}, steps.distance - 1)) AS weight
  FROM steps
  JOIN history AS later ON later.user_id = steps.user_id AND later.place = steps.later_place
  GROUP BY source, target
),
both_ways AS (
  SELECT source, target, weight FROM forward
  UNION ALL
  SELECT forward.target, forward.source, {p_rho:Float64} * forward.weight FROM forward WHERE {p_rho:Float64} > 0
),
summed AS (
  SELECT source, target, sum(both_ways.weight) AS weight FROM both_ways GROUP BY source, target
),
ranked AS (
  SELECT
    summed.source AS source,
    summed.target AS target,
    summed.weight AS weight,
    sum(summed.weight) OVER (PARTITION BY summed.source) AS row_sum,
    row_number() OVER (
      PARTITION BY summed.source ORDER BY toFloat32(summed.weight) DESC, counts.events DESC, summed.target
    ) AS rank
  FROM summed
  JOIN counts ON counts.item = summed.target
)
SELECT source, target, weight, row_sum, rank
FROM ranked
WHERE rank <= {p_keep:UInt32};

DROP TABLE history;

-- Then:
--   SELECT * FROM counts INTO OUTFILE 'counts.parquet' FORMAT Parquet;
--   SELECT source, target, weight, row_sum FROM transitions INTO OUTFILE 'transitions.parquet' FORMAT Parquet;
