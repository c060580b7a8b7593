-- Tokens that came and went, by day (UTC), the entry's type and what it is about. The sum of all is what people hold.
SELECT
  DATE(created_at) AS day,
  type,
  about,
  COUNT(*) AS entries,
  SUM(amount) AS tokens
FROM studiox.ledger
GROUP BY day, type, about
