-- Changes of paid plans by day (UTC): started, upgraded, downgraded, renewed, cancel_scheduled, resumed, past_due,
-- recovered, paused, ended. Without deleted accounts; `revenue` has their payments.
SELECT
  DATE(changed_at) AS day,
  type,
  from_plan,
  to_plan,
  COUNT(*) AS events
FROM studiox.plan_events
GROUP BY day, type, from_plan, to_plan
