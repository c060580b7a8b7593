-- Changes of paid plans. They are deleted with their account.
SELECT
  REGEXP_EXTRACT(JSON_VALUE(document, '$.__key__.path'), r'^"\w+", "([^"]+)"') AS uid,
  JSON_VALUE(document, '$.type') AS type,
  JSON_VALUE(document, '$.fromPlan') AS from_plan,
  JSON_VALUE(document, '$.toPlan') AS to_plan,
  SAFE_CAST(JSON_VALUE(document, '$.at') AS TIMESTAMP) AS changed_at
FROM documents
