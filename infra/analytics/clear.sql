-- The table of a collection that has no document. BigQuery would have no columns to read.
CREATE OR REPLACE TABLE `${project}`.studiox.${table} AS
WITH documents AS (
  SELECT document FROM UNNEST(ARRAY<JSON>[]) AS document
)
${select};
