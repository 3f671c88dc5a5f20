-- What operators lay down for devices.

-- name: provision_get_batch
SELECT v.position - 1, p.row_version, p.profile::text, p.calendar::text, p.mode, p.site
FROM unnest($1::text[]) WITH ORDINALITY AS v (endpoint, position)
JOIN device_provision AS p ON p.endpoint = v.endpoint

-- name: provision_get
SELECT row_version, profile::text, calendar::text, mode, site, ms(changed_at), changed_by
FROM device_provision
WHERE endpoint = $1::text

-- name: provision_lock_newcomers
-- Against batch_lock_newcomers; before any row of a device is locked.
SELECT pg_advisory_xact_lock(73072130) IS NULL

-- name: provision_put
INSERT INTO device_provision (endpoint, profile, calendar, mode, site, row_version, changed_at,
	changed_by)
VALUES ($1::text, $2::text::jsonb, $3::text::jsonb, $4::text, $5::text,
	nextval('device_provision_version'), at($6::bigint), $7::text)
ON CONFLICT (endpoint) DO UPDATE
SET profile = excluded.profile, calendar = excluded.calendar, mode = excluded.mode,
	site = excluded.site, row_version = excluded.row_version,
	changed_at = excluded.changed_at, changed_by = excluded.changed_by
RETURNING row_version

-- name: provision_delete
DELETE FROM device_provision WHERE endpoint = $1::text
