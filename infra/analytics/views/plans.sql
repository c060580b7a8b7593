-- Accounts by plan at the time of the export; how many of them pay for it; the tokens that they hold.
SELECT
  plan,
  COUNT(*) AS users,
  COUNTIF(subscribed) AS subscribers,
  SUM(balance) AS tokens_held
FROM studiox.users
GROUP BY plan
