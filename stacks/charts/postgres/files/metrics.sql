-- The exporter's account. It has no password, so that nobody is let in by it over the network; the server trusts its own
-- pod, where alone the exporter is. It may see what goes on, and no rows.
SELECT 'CREATE ROLE devenv_metrics LOGIN CONNECTION LIMIT 5'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'devenv_metrics')
\gexec
GRANT pg_monitor TO devenv_metrics;
