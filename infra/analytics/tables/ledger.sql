-- Every change of a balance, in tokens, those of deleted accounts included under a pseudonym.
SELECT
  REGEXP_EXTRACT(JSON_VALUE(document, '$.__key__.path'), r'^"\w+", "([^"]+)"') AS uid,
  JSON_VALUE(document, '$.type') AS type,
  JSON_VALUE(document, '$.ref.kind') AS about,
  SAFE_CAST(JSON_VALUE(document, '$.amount') AS INT64) AS amount,
  SAFE_CAST(JSON_VALUE(document, '$.createdAt') AS TIMESTAMP) AS created_at
FROM documents
