CREATE OR REPLACE VIEW `${project}`.studiox.${view} AS
${select};
