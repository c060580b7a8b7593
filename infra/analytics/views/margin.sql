-- What each model earned and cost, by day of the order (UTC). A token counts as 10,000 millionths of a dollar, the
-- catalogue's TOKEN_MICRO_USD.
SELECT
  DATE(ordered.created_at) AS day,
  ordered.model,
  ordered.type,
  costs.provider,
  COUNT(*) AS jobs,
  SUM(ordered.price) AS tokens_debited,
  SUM(ordered.refunded) AS tokens_refunded,
  SUM(ordered.price - ordered.refunded) * 10000 AS earned_micro_usd,
  SUM(costs.cost_micro_usd) AS cost_micro_usd,
  SUM(ordered.price - ordered.refunded) * 10000 - SUM(costs.cost_micro_usd) AS margin_micro_usd
FROM studiox.jobs AS ordered
JOIN studiox.job_costs AS costs ON ordered.job_id = costs.job_id
GROUP BY day, ordered.model, ordered.type, costs.provider
