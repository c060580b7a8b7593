-- Payments, those of deleted accounts included under a pseudonym. Amounts are in the currency's minor unit (cents).
SELECT
  JSON_VALUE(document, '$.id') AS payment_id,
  REGEXP_EXTRACT(JSON_VALUE(document, '$.__key__.path'), r'^"\w+", "([^"]+)"') AS uid,
  JSON_VALUE(document, '$.kind') AS kind,
  JSON_VALUE(document, '$.itemId') AS item_id,
  JSON_VALUE(document, '$.status') AS status,
  JSON_VALUE(document, '$.currency') AS currency,
  SAFE_CAST(JSON_VALUE(document, '$.amount') AS INT64) AS amount,
  -- 0 where there is none. A column with values of several types is a record, and then it is unknown.
  SAFE_CAST(
    IFNULL(JSON_VALUE(document, '$.refunded'), IF(JSON_VALUE(document, '$.refunded.provided') IS NULL, '0', NULL)) AS INT64
  ) AS refunded,
  SAFE_CAST(JSON_VALUE(document, '$.createdAt') AS TIMESTAMP) AS created_at
FROM documents
