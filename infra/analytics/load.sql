-- One collection's documents, from the files of the export to a table. Only the columns of the SELECT get there.
CREATE OR REPLACE EXTERNAL TABLE `${project}`.studiox.exported
OPTIONS (
  format = 'DATASTORE_BACKUP',
  uris = ['gs://FOLDER/all_namespaces/kind_${collection}/all_namespaces_kind_${collection}.export_metadata']
);
CREATE OR REPLACE TABLE `${project}`.studiox.${table} AS
WITH documents AS (
  -- As JSON, because a field that no document has is no column.
  SELECT TO_JSON(exported) AS document FROM `${project}`.studiox.exported AS exported
)
${select};
DROP EXTERNAL TABLE `${project}`.studiox.exported;
