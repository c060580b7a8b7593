-- Jobs, without prompts, results and messages. Prices and refunds are tokens.
SELECT
  JSON_VALUE(document, '$.jobId') AS job_id,
  JSON_VALUE(document, '$.uid') AS uid,
  JSON_VALUE(document, '$.type') AS type,
  JSON_VALUE(document, '$.model') AS model,
  JSON_VALUE(document, '$.status') AS status,
  JSON_VALUE(document, '$.error.reason') AS failure,
  SAFE_CAST(JSON_VALUE(document, '$.price') AS INT64) AS price,
  SAFE_CAST(JSON_VALUE(document, '$.refunded') AS INT64) AS refunded,
  SAFE_CAST(JSON_VALUE(document, '$.createdAt') AS TIMESTAMP) AS created_at,
  SAFE_CAST(JSON_VALUE(document, '$.completedAt') AS TIMESTAMP) AS completed_at
FROM documents
