-- Accounts that exist, without name and address.
SELECT
  JSON_VALUE(document, '$.__key__.name') AS uid,
  JSON_VALUE(document, '$.plan') AS plan,
  JSON_VALUE(document, '$.subscriptionId') IS NOT NULL AS subscribed,
  SAFE_CAST(JSON_VALUE(document, '$.balance') AS INT64) AS balance,
  SAFE_CAST(JSON_VALUE(document, '$.createdAt') AS TIMESTAMP) AS created_at
FROM documents
