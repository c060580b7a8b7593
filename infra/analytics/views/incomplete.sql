-- Rows that lack what the other views need: documents that are damaged, or whose fields were renamed. All should be 0.
SELECT 'users' AS name, COUNT(*) AS incomplete
FROM studiox.users
WHERE uid IS NULL OR plan IS NULL OR balance IS NULL OR created_at IS NULL
UNION ALL
SELECT 'jobs' AS name, COUNT(*) AS incomplete
FROM studiox.jobs
WHERE
  job_id IS NULL OR uid IS NULL OR type IS NULL OR model IS NULL OR status IS NULL OR price IS NULL
  OR refunded IS NULL OR created_at IS NULL OR (status = 'completed' AND completed_at IS NULL)
UNION ALL
SELECT 'job_costs' AS name, COUNT(*) AS incomplete
FROM studiox.job_costs
WHERE job_id IS NULL OR provider IS NULL OR cost_micro_usd IS NULL
UNION ALL
SELECT 'payments' AS name, COUNT(*) AS incomplete
FROM studiox.payments
WHERE
  payment_id IS NULL OR uid IS NULL OR kind IS NULL OR status IS NULL OR currency IS NULL OR amount IS NULL
  OR refunded IS NULL OR created_at IS NULL
UNION ALL
SELECT 'ledger' AS name, COUNT(*) AS incomplete
FROM studiox.ledger
WHERE uid IS NULL OR type IS NULL OR about IS NULL OR amount IS NULL OR created_at IS NULL
UNION ALL
SELECT 'plan_events' AS name, COUNT(*) AS incomplete
FROM studiox.plan_events
WHERE uid IS NULL OR type IS NULL OR from_plan IS NULL OR to_plan IS NULL OR changed_at IS NULL
