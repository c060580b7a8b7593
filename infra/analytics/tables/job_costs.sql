-- What jobs cost us, in millionths of a dollar: as expected, then as charged. 0 for a job that never went to a provider.
SELECT
  REGEXP_EXTRACT(JSON_VALUE(document, '$.__key__.path'), r'^"jobs", "([^"]+)"') AS job_id,
  JSON_VALUE(document, '$.provider') AS provider,
  IF(
    JSON_VALUE(document, '$.spentOn') IS NULL, 0, SAFE_CAST(JSON_VALUE(document, '$.costMicroUsd') AS INT64)
  ) AS cost_micro_usd
FROM documents
-- Posts have private states too.
WHERE STARTS_WITH(JSON_VALUE(document, '$.__key__.path'), '"jobs", ')
