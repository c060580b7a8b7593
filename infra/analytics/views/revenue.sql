-- Payments by day (UTC, of the payment) and currency, in the currency's minor unit: gross = net + refunded + disputed.
SELECT
  DATE(created_at) AS day,
  currency,
  kind,
  COUNT(*) AS payments,
  SUM(amount) AS gross,
  SUM(IF(status = 'refunded', amount, refunded)) AS refunded,
  SUM(IF(status = 'disputed', amount - refunded, 0)) AS disputed,
  SUM(IF(status IN ('paid', 'partially_refunded'), amount - refunded, 0)) AS net
FROM studiox.payments
WHERE status IN ('paid', 'partially_refunded', 'refunded', 'disputed')
GROUP BY day, currency, kind
