-- name: device_get_batch
SELECT v.position - 1, d.id, d.endpoint, d.registration, ms(d.registered_at), ms(d.updated_at),
	ms(d.expires_at), ms(d.removed_at), ms(d.last_seen_at), d.lifetime_s, d.transport,
	d.address, d.envelope_form, d.vendor_ids, d.class_ids, d.device_id, d.serial,
	d.manufacturer, d.model, d.hardware_version, d.told_site, d.battery_mwh,
	d.free_memory_bytes, d.told_profile::text, d.told_calendar::text, d.mode, d.mode_reason,
	p.row_version, p.profile::text, p.calendar::text, p.mode, p.site, d.row_version
FROM unnest($1::text[]) WITH ORDINALITY AS v (endpoint, position)
JOIN device AS d ON d.endpoint = v.endpoint
LEFT JOIN device_provision AS p ON p.endpoint = d.endpoint

-- name: device_list
SELECT 0::bigint, d.id, d.endpoint, d.registration, ms(d.registered_at), ms(d.updated_at),
	ms(d.expires_at), ms(d.removed_at), ms(d.last_seen_at), d.lifetime_s, d.transport,
	d.address, d.envelope_form, d.vendor_ids, d.class_ids, d.device_id, d.serial,
	d.manufacturer, d.model, d.hardware_version, d.told_site, d.battery_mwh,
	d.free_memory_bytes, d.told_profile::text, d.told_calendar::text, d.mode, d.mode_reason,
	p.row_version, p.profile::text, p.calendar::text, p.mode, p.site, d.row_version
FROM device AS d
LEFT JOIN device_provision AS p ON p.endpoint = d.endpoint
WHERE d.endpoint > $1::text AND (TRUE)
ORDER BY d.endpoint
LIMIT $2::bigint

-- name: device_by_registration
SELECT endpoint FROM device WHERE registration = $1::uuid

-- name: device_endpoint
SELECT endpoint FROM device WHERE id = $1::bigint

-- name: device_components
SELECT device_id, component, digest, sequence_number, version, size_bytes, active_slot
FROM device_component
WHERE device_id = ANY ($1::bigint[])
ORDER BY device_id, component

-- name: device_lock
SELECT id FROM device WHERE id = $1::bigint FOR NO KEY UPDATE

-- name: device_hold
SELECT id FROM device WHERE endpoint = $1::text FOR NO KEY UPDATE

-- name: device_settle
UPDATE device
SET profile = $3::text::jsonb, site = $4::text, mode = $5::text, mode_reason = $6::text,
	row_version = row_version + 1
WHERE id = $1::bigint AND row_version = $2::bigint

-- name: credential_put
INSERT INTO device_credential (endpoint, psk_sealed, token_hash, created_at, created_by)
VALUES ($1::text, $2::bytea, $3::bytea, at($4::bigint), $5::text)
ON CONFLICT (endpoint) DO UPDATE
SET psk_sealed = excluded.psk_sealed, token_hash = excluded.token_hash,
	created_at = excluded.created_at, created_by = excluded.created_by

-- name: credential_get
SELECT endpoint, psk_sealed, token_hash FROM device_credential WHERE endpoint = $1::text

-- name: credential_present
SELECT v.position - 1
FROM unnest($1::text[]) WITH ORDINALITY AS v (endpoint, position)
	JOIN device_credential AS c ON c.endpoint = v.endpoint

-- name: credential_list
SELECT endpoint, psk_sealed, token_hash
FROM device_credential
WHERE endpoint > $1::text
ORDER BY endpoint
LIMIT $2::bigint

-- name: credential_delete
DELETE FROM device_credential WHERE endpoint = $1::text
