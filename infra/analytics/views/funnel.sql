-- How far the accounts that signed up in a week (Monday, UTC) have come until the export: sign-up, first order, first
-- result, first purchase. Hours are means from the sign-up, over those who came that far. Without deleted accounts.
WITH orders AS (
  SELECT
    uid,
    MIN(created_at) AS first_order,
    MIN(IF(status = 'completed', completed_at, NULL)) AS first_result
  FROM studiox.jobs
  GROUP BY uid
), purchases AS (
  SELECT uid, MIN(created_at) AS first_purchase
  FROM studiox.payments
  WHERE status IN ('paid', 'partially_refunded', 'refunded', 'disputed')
  GROUP BY uid
)
SELECT
  DATE_TRUNC(DATE(people.created_at), WEEK(MONDAY)) AS week,
  COUNT(*) AS signed_up,
  COUNT(orders.first_order) AS ordered,
  COUNT(orders.first_result) AS completed,
  COUNT(purchases.first_purchase) AS bought,
  AVG(UNIX_MICROS(orders.first_order) - UNIX_MICROS(people.created_at)) / 3600000000 AS hours_to_order,
  AVG(UNIX_MICROS(purchases.first_purchase) - UNIX_MICROS(people.created_at)) / 3600000000 AS hours_to_purchase
FROM studiox.users AS people
LEFT JOIN orders ON people.uid = orders.uid
LEFT JOIN purchases ON people.uid = purchases.uid
GROUP BY week
