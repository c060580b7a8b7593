-- How well each model worked, by week of the order (Monday, UTC). Rates are of the jobs that completed or failed, the
-- refund rate is of the tokens; seconds are from the order to the result, within which half and 95 % of the jobs were.
WITH ranked AS (
  SELECT
    DATE_TRUNC(DATE(created_at), WEEK(MONDAY)) AS week,
    model,
    (UNIX_MICROS(completed_at) - UNIX_MICROS(created_at)) / 1000000 AS seconds,
    ROW_NUMBER() OVER (
      PARTITION BY DATE_TRUNC(DATE(created_at), WEEK(MONDAY)), model
      ORDER BY UNIX_MICROS(completed_at) - UNIX_MICROS(created_at)
    ) AS place,
    COUNT(*) OVER (PARTITION BY DATE_TRUNC(DATE(created_at), WEEK(MONDAY)), model) AS places
  FROM studiox.jobs
  WHERE status = 'completed'
), seconds AS (
  SELECT
    week,
    model,
    MIN(IF(place * 100 >= places * 50, seconds, NULL)) AS half_within_seconds,
    MIN(IF(place * 100 >= places * 95, seconds, NULL)) AS most_within_seconds
  FROM ranked
  GROUP BY week, model
), counted AS (
  SELECT
    DATE_TRUNC(DATE(created_at), WEEK(MONDAY)) AS week,
    model,
    COUNT(*) AS jobs,
    COUNT(DISTINCT uid) AS users,
    COUNTIF(status = 'completed') AS completed,
    COUNTIF(status = 'failed') AS failed,
    COUNTIF(status = 'cancelled') AS cancelled,
    COUNTIF(failure = 'ContentRejected') AS content_rejected,
    COUNTIF(failure = 'TimedOut') AS timed_out,
    COUNTIF(failure = 'ProviderUnavailable') AS provider_unavailable,
    SUM(price) AS tokens_debited,
    SUM(refunded) AS tokens_refunded
  FROM studiox.jobs
  GROUP BY week, model
)
SELECT
  counted.week,
  counted.model,
  counted.jobs,
  counted.users,
  counted.completed,
  counted.failed,
  counted.cancelled,
  counted.content_rejected,
  counted.timed_out,
  counted.provider_unavailable,
  SAFE_DIVIDE(counted.completed, counted.completed + counted.failed) AS success_rate,
  SAFE_DIVIDE(counted.tokens_refunded, counted.tokens_debited) AS refund_rate,
  seconds.half_within_seconds,
  seconds.most_within_seconds
FROM counted
LEFT JOIN seconds ON counted.week = seconds.week AND counted.model = seconds.model
