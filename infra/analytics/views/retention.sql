-- Of the accounts that signed up in a week (`cohort`, its Monday, UTC), how many ordered a job, and how many paid, in the
-- same week (0) and in each week after it. Deleted accounts are in no cohort.
WITH people AS (
  SELECT uid, DATE_TRUNC(DATE(created_at), WEEK(MONDAY)) AS cohort FROM studiox.users
), cohorts AS (
  SELECT cohort, COUNT(*) AS users FROM people GROUP BY cohort
), weeks AS (
  SELECT cohorts.cohort, cohorts.users, week
  FROM cohorts
  CROSS JOIN studiox.as_of AS as_of
  CROSS JOIN UNNEST(GENERATE_ARRAY(0, DIV(DATE_DIFF(DATE(as_of.moment), cohorts.cohort, DAY), 7))) AS week
), did AS (
  SELECT uid, DATE_TRUNC(DATE(created_at), WEEK(MONDAY)) AS week, 'ordered' AS what FROM studiox.jobs
  UNION ALL
  SELECT uid, DATE_TRUNC(DATE(created_at), WEEK(MONDAY)) AS week, 'paid' AS what
  FROM studiox.payments
  WHERE status IN ('paid', 'partially_refunded', 'refunded', 'disputed')
), counted AS (
  SELECT
    people.cohort,
    DIV(DATE_DIFF(did.week, people.cohort, DAY), 7) AS week,
    COUNT(DISTINCT IF(did.what = 'ordered', people.uid, NULL)) AS active,
    COUNT(DISTINCT IF(did.what = 'paid', people.uid, NULL)) AS paying
  FROM people
  JOIN did ON people.uid = did.uid
  GROUP BY people.cohort, DIV(DATE_DIFF(did.week, people.cohort, DAY), 7)
)
SELECT
  weeks.cohort,
  weeks.week,
  weeks.users,
  IFNULL(counted.active, 0) AS active,
  IFNULL(counted.paying, 0) AS paying,
  SAFE_DIVIDE(IFNULL(counted.active, 0), weeks.users) AS active_share
FROM weeks
LEFT JOIN counted ON weeks.cohort = counted.cohort AND weeks.week = counted.week
