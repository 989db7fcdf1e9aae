-- Which item follows which: the counting half of Tastekeeper's transition graph, for DuckDB 1.1 or newer.
--
-- In:  a table or view `events`, one row per event:
--        user_id  text     the shopper or session
--        item_id  text
--        time     any type that sorts; NULL, which comes first, where there is no time
--        line     integer  the row of the log: decides between events of one time
--        weight   double   what the event counts, above 0 (1 for all, or by kind of event)
-- Out: `counts(item, events)` and `transitions(source, target, weight, row_sum)`.
--
-- For the events x_1..x_m of one user and all p < q <= p + window:
--   A[x_p, x_q] += m^-gamma * delta^(q-p-1) * w_p * w_q,    S = A + rho * A^T.
-- `weight` is S, `row_sum` the sum of the whole row of S, of which the `keep` strongest are written (equal ones: the
-- item with more events first, then the smaller id in byte order; weights are compared as 32-bit floats, so that the
-- order in which they were summed does not decide). Dividing rows by a power of their sum, the logarithm and the final
-- cut are done by `tastekeeper pack --transitions`, which also has the tuned alpha and e0.
--
-- Without repeats only a user's first event of an item counts, and m is the number of those.

SET VARIABLE p_window = 50;
SET VARIABLE p_gamma = 0.25;
SET VARIABLE p_delta = 0.8;
SET VARIABLE p_rho = 0.1;
SET VARIABLE p_repeats = false;
SET VARIABLE p_keep = 255;

-- For example:
--   CREATE VIEW events AS
--   SELECT user_id, item_id, time, file_row_number AS line, 1.0 AS weight
--   FROM read_parquet('log.parquet', file_row_number = true);

CREATE OR REPLACE TABLE counts AS
SELECT item_id AS item, count(*) AS events
FROM events
GROUP BY item_id;

-- One row per event that counts: its place in its user's history, and how long that is.
CREATE OR REPLACE TABLE history AS
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
WHERE getvariable('p_repeats') OR occurrence = 1;

CREATE OR REPLACE TABLE transitions AS
WITH
-- an event once for each later one in the window: exactly as many rows as there are pairs, so long histories do not
-- meet themselves
steps AS (
  SELECT
    user_id,
    item_id,
    place,
    weight * pow(length, -getvariable('p_gamma')) AS scale,
    unnest(range(1, least(getvariable('p_window'), length - place) + 1)) AS distance
  FROM history
),
forward AS (
  SELECT
    steps.item_id AS source,
    later.item_id AS target,
    sum(steps.scale * later.weight * pow(getvariable('p_delta'), steps.distance - 1)) AS weight
  FROM steps
  JOIN history AS later ON later.user_id = steps.user_id AND later.place = steps.place + steps.distance
  GROUP BY ALL
),
both_ways AS (
  SELECT source, target, weight FROM forward
  UNION ALL
  SELECT target, source, getvariable('p_rho') * weight FROM forward WHERE getvariable('p_rho') > 0
),
summed AS (
  SELECT source, target, sum(weight) AS weight FROM both_ways GROUP BY ALL
),
ranked AS (
  SELECT
    source,
    target,
    weight,
    sum(weight) OVER (PARTITION BY source) AS row_sum,
    row_number() OVER (PARTITION BY source ORDER BY weight::FLOAT DESC, counts.events DESC, target) AS rank
  FROM summed
  JOIN counts ON counts.item = summed.target
)
SELECT source, target, weight, row_sum
FROM ranked
WHERE rank <= getvariable('p_keep')
ORDER BY source, rank;

DROP TABLE history;

-- Then:
--   COPY counts TO 'counts.parquet' (FORMAT parquet);
--   COPY transitions TO 'transitions.parquet' (FORMAT parquet);
