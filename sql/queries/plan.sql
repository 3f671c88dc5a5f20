-- Planning: booked downloads, and the jobs that plan a release for the fleet.

-- name: booking_list
-- A transfer is thought to take a day at most: what was booked before cannot reach into now. Who polls
-- has a time of its own when it was told to come back for it, or has begun.
SELECT v.site, v.class_ids[1], ms(d.download_at), d.transfer_ms
FROM deployment AS d JOIN device AS v ON v.id = d.device_id
WHERE d.active AND d.download_at > at($1::bigint - 86400000)
	AND d.download_at + d.transfer_ms * interval '1 millisecond' > at($1::bigint)
	AND d.state IN ('planned', 'offered', 'deferred', 'accepted', 'downloading')
	AND (d.mode <> 'client' OR d.state = 'downloading' OR d.download_at > at($1::bigint))
ORDER BY array_position(ARRAY['critical', 'high', 'normal', 'low'], d.urgency), d.download_at, d.device_id

-- name: plan_job_add
INSERT INTO plan_job (release_id, created_at)
SELECT id, at($2::bigint) FROM release WHERE digest = $1::text AND targeted
ON CONFLICT (release_id) DO UPDATE SET after_device_id = 0, created_at = excluded.created_at

-- name: plan_job_claim
SELECT j.id, r.digest, j.after_device_id
FROM plan_job AS j JOIN release AS r ON r.id = j.release_id
ORDER BY j.id
LIMIT 1
FOR UPDATE OF j SKIP LOCKED

-- name: plan_job_advance
UPDATE plan_job SET after_device_id = $2::bigint WHERE id = $1::bigint

-- name: plan_job_end
DELETE FROM plan_job WHERE id = $1::bigint

-- name: plan_job_lock
-- Bookings of a page stand before the next planner reads them, in whatever process it is.
SELECT pg_advisory_xact_lock(7238051, 1) IS NULL

-- name: plan_job_is_growing
SELECT pg_relation_size(oid) > 4 * greatest(relpages, 1)::bigint * current_setting('block_size')::bigint
FROM pg_class
WHERE oid = 'deployment'::regclass

-- name: plan_job_look_at_sizes
ANALYZE deployment, deployment_component, deployment_history

-- name: plan_job_page
SELECT v.id, v.endpoint
FROM device AS v, release AS r
WHERE r.digest = $1::text AND v.id > $2::bigint AND v.removed_at IS NULL
	AND (v.class_ids && r.class_ids OR NOT r.needs_class AND v.vendor_ids && r.vendor_ids)
ORDER BY v.id
LIMIT $3::bigint

-- name: estimate_get
SELECT n_transfers, n_installs, mean_log_rate::text, m2_log_rate::text, mean_log_install::text,
	m2_log_install::text
FROM estimate
WHERE class_id = $1::uuid

-- name: estimate_put
INSERT INTO estimate (class_id, n_transfers, n_installs, mean_log_rate, m2_log_rate,
	mean_log_install, m2_log_install)
VALUES ($1::uuid, $2::bigint, $3::bigint, $4::text::float8, $5::text::float8, $6::text::float8,
	$7::text::float8)
ON CONFLICT (class_id) DO UPDATE
SET n_transfers = excluded.n_transfers, n_installs = excluded.n_installs,
	mean_log_rate = excluded.mean_log_rate, m2_log_rate = excluded.m2_log_rate,
	mean_log_install = excluded.mean_log_install, m2_log_install = excluded.m2_log_install
