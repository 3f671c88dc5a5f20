-- Writes of the device plane, set by set. Rows are locked in the order of their keys.

-- name: batch_lock_devices
SELECT id, row_version, removed_at IS NOT NULL
FROM device
WHERE id = ANY ($1::bigint[])
ORDER BY id
FOR NO KEY UPDATE

-- name: batch_lock_newcomers
-- Against provision_lock_newcomers: nothing is laid down for a device while it appears.
SELECT pg_advisory_xact_lock_shared(73072130) IS NULL

-- name: batch_insert_devices
-- What was settled without knowing the provision that holds by now is not stored.
INSERT INTO device (endpoint, registration, registered_at, updated_at, expires_at, removed_at,
	last_seen_at, lifetime_s, transport, address, envelope_form, vendor_ids, class_ids, device_id,
	serial, manufacturer, model, hardware_version, told_site, battery_mwh, free_memory_bytes,
	told_profile, told_calendar, site, profile, mode, mode_reason)
SELECT v.endpoint, v.registration, at(v.registered_at), at(v.updated_at), at(v.expires_at),
	at(v.removed_at), at(v.last_seen_at), v.lifetime_s, v.transport, v.address, v.envelope_form,
	v.vendor_ids::uuid[], v.class_ids::uuid[], v.device_id, v.serial, v.manufacturer, v.model,
	v.hardware_version, v.told_site, v.battery_mwh, v.free_memory_bytes, v.told_profile::jsonb,
	v.told_calendar::jsonb, v.site, v.profile::jsonb, v.mode, v.mode_reason
FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[],
		$7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[],
		$13::text[], $14::text[], $15::uuid[], $16::text[], $17::text[], $18::text[],
		$19::text[], $20::text[], $21::bigint[], $22::bigint[], $23::text[], $24::text[],
		$25::text[], $26::text[], $27::text[], $28::text[], $29::bigint[]) WITH ORDINALITY
	AS v (id, endpoint, registration, registered_at, updated_at, expires_at, removed_at,
		last_seen_at, lifetime_s, transport, address, envelope_form, vendor_ids, class_ids,
		device_id, serial, manufacturer, model, hardware_version, told_site, battery_mwh,
		free_memory_bytes, told_profile, told_calendar, site, profile, mode, mode_reason,
		provision_version, position)
LEFT JOIN device_provision AS p ON p.endpoint = v.endpoint
WHERE coalesce(p.row_version, 0) = v.provision_version
ORDER BY v.position
ON CONFLICT (endpoint) DO NOTHING
RETURNING endpoint, id

-- name: batch_update_devices
UPDATE device AS d
SET registration = v.registration, registered_at = at(v.registered_at),
	updated_at = at(v.updated_at), expires_at = at(v.expires_at), removed_at = at(v.removed_at),
	last_seen_at = at(v.last_seen_at), lifetime_s = v.lifetime_s, transport = v.transport,
	address = v.address, envelope_form = v.envelope_form, vendor_ids = v.vendor_ids::uuid[],
	class_ids = v.class_ids::uuid[], device_id = v.device_id, serial = v.serial,
	manufacturer = v.manufacturer, model = v.model, hardware_version = v.hardware_version,
	told_site = v.told_site, battery_mwh = v.battery_mwh,
	free_memory_bytes = v.free_memory_bytes, told_profile = v.told_profile::jsonb,
	told_calendar = v.told_calendar::jsonb, site = v.site, profile = v.profile::jsonb,
	mode = v.mode, mode_reason = v.mode_reason,
	row_version = d.row_version + 1
FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[],
		$7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[],
		$13::text[], $14::text[], $15::uuid[], $16::text[], $17::text[], $18::text[],
		$19::text[], $20::text[], $21::bigint[], $22::bigint[], $23::text[], $24::text[],
		$25::text[], $26::text[], $27::text[], $28::text[], $29::bigint[])
	AS v (id, endpoint, registration, registered_at, updated_at, expires_at, removed_at,
		last_seen_at, lifetime_s, transport, address, envelope_form, vendor_ids, class_ids,
		device_id, serial, manufacturer, model, hardware_version, told_site, battery_mwh,
		free_memory_bytes, told_profile, told_calendar, site, profile, mode, mode_reason,
		provision_version)
WHERE d.id = v.id

-- name: batch_delete_components
DELETE FROM device_component AS c
WHERE c.device_id = ANY ($1::bigint[]) AND NOT EXISTS (
	SELECT FROM unnest($2::bigint[], $3::bytea[]) AS v (device_id, component)
	WHERE v.device_id = c.device_id AND v.component = c.component)

-- name: batch_put_components
INSERT INTO device_component AS c (device_id, component, digest, sequence_number, version,
	size_bytes, active_slot)
SELECT v.device_id, v.component, v.digest, v.sequence_number, v.version, v.size_bytes, v.active_slot
FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::bigint[], $5::text[], $6::bigint[],
		$7::bigint[])
	AS v (device_id, component, digest, sequence_number, version, size_bytes, active_slot)
ON CONFLICT (device_id, component) DO UPDATE
SET digest = excluded.digest, sequence_number = excluded.sequence_number,
	version = excluded.version, size_bytes = excluded.size_bytes,
	active_slot = excluded.active_slot
WHERE (c.digest, c.sequence_number, c.version, c.size_bytes, c.active_slot) IS DISTINCT FROM
	(excluded.digest, excluded.sequence_number, excluded.version, excluded.size_bytes,
		excluded.active_slot)

-- name: batch_unwanted_deployments
-- Those to which something stands against: another one in flight, or how the last one of this release ended
-- (see judge_past in tracker/planner.c), though whoever planned it did not see that yet. The last one is the
-- same as for deployment_past: else a device would be planned for again and again.
SELECT v.device_id
FROM unnest($1::bigint[], $2::text[]) AS v (device_id, release)
WHERE EXISTS (SELECT FROM deployment AS d WHERE d.device_id = v.device_id AND d.active)
	OR (
		SELECT d.state
		FROM deployment AS d JOIN release AS r ON r.id = d.release_id
		WHERE d.device_id = v.device_id AND r.digest = v.release
		ORDER BY (SELECT min(h.id) FROM deployment_history AS h WHERE h.deployment_id = d.id)
			DESC NULLS LAST, d.id DESC
		LIMIT 1
	) IN ('failed', 'rejected', 'cancelled')

-- name: batch_insert_deployments
-- A release that does not exist shall fail the statement, not drop the row: hence the outer join.
INSERT INTO deployment (id, device_id, release_id, state, active, mode, named_by_operator,
	created_at, changed_at, deadline_at, progress_bytes, attempts, reason, urgency,
	vulnerable_since, due_at, look_at, download_at, transfer_ms, install_at, promised_at,
	deferrals, failures, offers, last_failure_at, last_offer_at, noticed_at, reasons, look_from,
	deadline_from)
SELECT v.id, v.device_id, r.id, v.state, v.active, v.mode, v.named_by_operator, at(v.created_at),
	at(v.changed_at), at(v.deadline_at), v.progress_bytes, v.attempts, v.reason, v.urgency,
	at(v.vulnerable_since), at(v.due_at), at(v.look_at), at(v.download_at), v.transfer_ms,
	at(v.install_at), at(v.promised_at), v.deferrals, v.failures, v.offers,
	at(v.last_failure_at), at(v.last_offer_at), at(v.noticed_at), v.reasons::jsonb,
	at(v.look_at), at(v.deadline_at)
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::boolean[], $6::text[],
		$7::boolean[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
		$13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[],
		$19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[],
		$24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[], $28::text[], $29::bigint[])
	AS v (id, device_id, release, state, active, mode, named_by_operator, created_at, changed_at,
		deadline_at, progress_bytes, attempts, reason, urgency, vulnerable_since, due_at,
		look_at, download_at, transfer_ms, install_at, promised_at, deferrals, failures,
		offers, last_failure_at, last_offer_at, noticed_at, reasons, row_version)
LEFT JOIN release AS r ON r.digest = v.release

-- part: change_of_deployment
-- Reasons that are not given stay: what is remembered of a deployment does not carry them.
SET state = v.state, active = v.active, mode = v.mode, named_by_operator = v.named_by_operator,
	changed_at = at(v.changed_at), deadline_at = at(v.deadline_at),
	progress_bytes = v.progress_bytes, attempts = v.attempts, reason = v.reason,
	urgency = v.urgency, vulnerable_since = at(v.vulnerable_since), due_at = at(v.due_at),
	look_at = at(v.look_at), download_at = at(v.download_at), transfer_ms = v.transfer_ms,
	install_at = at(v.install_at), promised_at = at(v.promised_at), deferrals = v.deferrals,
	failures = v.failures, offers = v.offers, last_failure_at = at(v.last_failure_at),
	last_offer_at = at(v.last_offer_at), noticed_at = at(v.noticed_at),
	reasons = coalesce(v.reasons::jsonb, d.reasons),
	look_from = least(d.look_from, at(v.look_at)),
	deadline_from = least(d.deadline_from, at(v.deadline_at)), row_version = d.row_version + 1

-- name: batch_update_deployments
-- of one row: batch_update_deployment
-- Their devices are held, so nobody else writes them meanwhile. Returns those that were at the version given.
UPDATE deployment AS d
	:change_of_deployment
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::boolean[], $6::text[],
		$7::boolean[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
		$13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[],
		$19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[],
		$24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[], $28::text[], $29::bigint[])
	AS v (id, device_id, release, state, active, mode, named_by_operator, created_at, changed_at,
		deadline_at, progress_bytes, attempts, reason, urgency, vulnerable_since, due_at,
		look_at, download_at, transfer_ms, install_at, promised_at, deferrals, failures,
		offers, last_failure_at, last_offer_at, noticed_at, reasons, row_version)
WHERE d.id = v.id AND d.device_id = v.device_id AND d.row_version = v.row_version
RETURNING d.device_id

-- name: batch_take_steps
-- of one row: batch_take_step
-- Holds devices, moves their deployments, and writes down a step of each. Fails, as no step is without a deployment,
-- unless every device is there and at the version given, and so is every deployment.
WITH v AS (
	SELECT *
	FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::boolean[], $6::text[],
			$7::boolean[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
			$13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[],
			$19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[],
			$24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[], $28::text[], $29::bigint[],
			$30::uuid[], $31::bigint[], $32::text[], $33::text[], $34::text[], $35::text[],
			$36::text[], $37::bigint[])
		AS v (id, device_id, release, state, active, mode, named_by_operator, created_at,
			changed_at, deadline_at, progress_bytes, attempts, reason, urgency, vulnerable_since,
			due_at, look_at, download_at, transfer_ms, install_at, promised_at, deferrals,
			failures, offers, last_failure_at, last_offer_at, noticed_at, reasons, row_version,
			step_of, at, from_state, to_state, event, actor, detail, device_version)
), held AS (
	SELECT e.id
	FROM device AS e JOIN v ON v.device_id = e.id
	WHERE e.row_version = v.device_version AND e.removed_at IS NULL
	ORDER BY e.id
	FOR NO KEY UPDATE OF e
), moved AS (
	UPDATE deployment AS d
	:change_of_deployment
	FROM v JOIN held ON held.id = v.device_id
	WHERE d.id = v.id AND d.device_id = v.device_id AND d.row_version = v.row_version
	RETURNING d.id
)
INSERT INTO deployment_history (deployment_id, at, from_state, to_state, event, actor, detail)
SELECT moved.id, at(v.at), v.from_state, v.to_state, v.event, v.actor, v.detail
FROM v LEFT JOIN moved ON moved.id = v.step_of

-- name: batch_insert_history
INSERT INTO deployment_history (deployment_id, at, from_state, to_state, event, actor, detail)
SELECT v.deployment_id, at(v.at), v.from_state, v.to_state, v.event, v.actor, v.detail
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
	WITH ORDINALITY
	AS v (deployment_id, at, from_state, to_state, event, actor, detail, position)
ORDER BY v.position

-- name: batch_insert_reports
-- A report that was stored before, when the outcome of a commit was uncertain or the device did not hear
-- of it and sends it again, is stored once.
INSERT INTO report (id, device_id, deployment_id, received_at, payload, authentication, anchor_id,
	success, reason)
SELECT v.id, v.device_id, v.deployment_id, at(v.received_at), v.payload, v.authentication,
	v.anchor_id, v.success, v.reason
FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bytea[], $6::text[],
		$7::uuid[], $8::boolean[], $9::text[])
	AS v (id, device_id, deployment_id, received_at, payload, authentication, anchor_id, success,
		reason)
ON CONFLICT DO NOTHING
RETURNING success
