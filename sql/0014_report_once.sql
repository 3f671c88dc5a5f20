-- A report whose acknowledgement was lost comes again: the same bytes, proven in the same way, are kept once.

DELETE FROM report AS later USING report AS first
WHERE first.deployment_id = later.deployment_id AND first.authentication = later.authentication
	AND first.payload = later.payload AND first.id < later.id;
CREATE UNIQUE INDEX report_once ON report (deployment_id, authentication, sha256(payload));
UPDATE counter SET value = (SELECT count(*) FROM report WHERE success) WHERE name = 'reports.success';
UPDATE counter SET value = (SELECT count(*) FROM report WHERE NOT success)
WHERE name = 'reports.failure';
