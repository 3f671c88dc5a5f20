-- part: deployment_row
-- Of deployment AS d and release AS r: what is read of one, in the order in which it is read.
d.id, d.device_id, r.digest, d.state, d.mode, d.named_by_operator, ms(d.created_at),
	ms(d.changed_at), ms(d.deadline_at), d.progress_bytes, d.attempts::bigint, d.reason,
	d.urgency, ms(d.vulnerable_since), ms(d.due_at), ms(d.look_at), ms(d.download_at),
	d.transfer_ms, ms(d.install_at), ms(d.promised_at), d.deferrals::bigint,
	d.failures::bigint, d.offers::bigint, ms(d.last_failure_at), ms(d.last_offer_at),
	ms(d.noticed_at), d.reasons::text, d.row_version

-- name: deployment_get
SELECT :deployment_row
FROM deployment AS d JOIN release AS r ON r.id = d.release_id
WHERE d.id = $1::uuid

-- name: deployment_active
SELECT :deployment_row
FROM deployment AS d JOIN release AS r ON r.id = d.release_id
WHERE d.device_id = ANY ($1::bigint[]) AND d.active

-- part: latest_first
-- By the numbers of their first steps: the clock, of which an id is made, may have been set back.
(SELECT min(h.id) FROM deployment_history AS h WHERE h.deployment_id = d.id) DESC NULLS LAST, d.id DESC

-- name: deployment_latest
SELECT :deployment_row
FROM deployment AS d JOIN release AS r ON r.id = d.release_id
WHERE d.device_id = $1::bigint AND r.digest = $2::text
ORDER BY :latest_first
LIMIT 1

-- name: deployment_past
SELECT DISTINCT ON (d.device_id, d.release_id) d.device_id, r.digest, d.state, d.reason
FROM deployment AS d JOIN release AS r ON r.id = d.release_id
WHERE d.device_id = ANY ($1::bigint[]) AND r.digest = ANY ($2::text[])
ORDER BY d.device_id, d.release_id, :latest_first

-- name: deployment_list
SELECT :deployment_row
FROM deployment AS d JOIN release AS r ON r.id = d.release_id
WHERE d.device_id = $1::bigint AND d.id < $2::uuid
ORDER BY d.id DESC
LIMIT $3::bigint

-- name: deployment_of_release
SELECT :deployment_row
FROM deployment AS d JOIN release AS r ON r.id = d.release_id
WHERE r.digest = $1::text AND d.active AND d.device_id > $2::bigint
ORDER BY d.device_id
LIMIT $3::bigint

-- name: deployment_page_of_release
-- All of a release, also at an end, in the order in which they were made.
SELECT :deployment_row, v.endpoint
FROM release AS r
JOIN deployment AS d ON d.release_id = r.id
JOIN device AS v ON v.id = d.device_id
WHERE r.digest = $1::text AND d.id > $2::uuid AND ($3::text IS NULL OR d.state = $3::text)
ORDER BY d.id
LIMIT $4::bigint

-- name: deployment_history
SELECT ms(at), from_state, to_state, event, actor, detail
FROM deployment_history
WHERE deployment_id = $1::uuid
ORDER BY id

-- name: deployment_device_history
SELECT h.id, h.deployment_id, r.digest, ms(h.at), h.from_state, h.to_state, h.event, h.actor,
	h.detail
FROM deployment AS d
JOIN release AS r ON r.id = d.release_id
JOIN deployment_history AS h ON h.deployment_id = d.id
WHERE d.device_id = $1::bigint AND h.id < $2::bigint
ORDER BY h.id DESC
LIMIT $3::bigint

-- name: deployment_insert
INSERT INTO deployment (id, device_id, release_id, state, active, mode, named_by_operator,
	created_at, changed_at, deadline_at, progress_bytes, attempts, reason, urgency,
	vulnerable_since, due_at, look_at, download_at, transfer_ms, install_at, promised_at,
	deferrals, failures, offers, last_failure_at, last_offer_at, noticed_at, reasons, look_from,
	deadline_from)
SELECT $1::uuid, $2::bigint, r.id, $4::text, $5::boolean, $6::text, $7::boolean, at($8::bigint),
	at($9::bigint), at($10::bigint), $11::bigint, $12::bigint, $13::text, $14::text,
	at($15::bigint), at($16::bigint), at($17::bigint), at($18::bigint), $19::bigint,
	at($20::bigint), at($21::bigint), $22::bigint, $23::bigint, $24::bigint, at($25::bigint),
	at($26::bigint), at($27::bigint), $28::text::jsonb, at($17::bigint), at($10::bigint)
FROM release AS r
WHERE r.digest = $3::text

-- name: deployment_update
-- Whoever decides here does so by the policy in force.
UPDATE deployment
SET state = $3::text, active = $4::boolean, mode = $5::text, changed_at = at($6::bigint),
	deadline_at = at($7::bigint), progress_bytes = $8::bigint, attempts = $9::bigint,
	reason = $10::text, urgency = $11::text, vulnerable_since = at($12::bigint),
	due_at = at($13::bigint), look_at = at($14::bigint), download_at = at($15::bigint),
	transfer_ms = $16::bigint, install_at = at($17::bigint), promised_at = at($18::bigint),
	deferrals = $19::bigint, failures = $20::bigint, offers = $21::bigint,
	last_failure_at = at($22::bigint), last_offer_at = at($23::bigint),
	noticed_at = at($24::bigint), reasons = coalesce($25::text::jsonb, reasons),
	look_from = least(look_from, at($14::bigint)),
	deadline_from = least(deadline_from, at($7::bigint)), renew_at = NULL,
	row_version = row_version + 1
WHERE id = $1::uuid AND row_version = $2::bigint

-- name: deployment_look_now
UPDATE deployment
SET look_at = at($2::bigint), look_from = least(look_from, at($2::bigint)),
	row_version = row_version + 1
WHERE device_id = $1::bigint AND active

-- name: deployment_history_insert
INSERT INTO deployment_history (deployment_id, at, from_state, to_state, event, actor, detail)
VALUES ($1::uuid, at($2::bigint), $3::text, $4::text, $5::text, $6::text, $7::text)

-- name: deployment_put_off_deadlines
-- Those that were reached though the deadline has moved on. Waits for nobody. An array, so that they are
-- found once: a plan from when there were few deployments would find them anew for each that there is.
UPDATE deployment
SET deadline_from = deadline_at
WHERE id = ANY (ARRAY(
	SELECT id FROM deployment
	WHERE active AND deadline_from <= at($1::bigint)
		AND (deadline_at > at($1::bigint) OR deadline_at IS NULL)
	LIMIT $2::bigint
	FOR NO KEY UPDATE SKIP LOCKED))

-- name: deployment_overdue
SELECT :deployment_row, v.endpoint
FROM deployment AS d
JOIN release AS r ON r.id = d.release_id
JOIN device AS v ON v.id = d.device_id
WHERE d.active AND d.deadline_from <= at($1::bigint) AND d.deadline_at <= at($1::bigint)
ORDER BY d.deadline_at
LIMIT $2::bigint

-- name: deployment_put_off_looks
-- As deployment_put_off_deadlines.
UPDATE deployment
SET look_from = look_at
WHERE id = ANY (ARRAY(
	SELECT id FROM deployment
	WHERE active AND look_from <= at($1::bigint)
		AND (look_at > at($1::bigint) OR look_at IS NULL)
	LIMIT $2::bigint
	FOR NO KEY UPDATE SKIP LOCKED))

-- name: deployment_to_look_at
SELECT :deployment_row, v.endpoint
FROM deployment AS d
JOIN release AS r ON r.id = d.release_id
JOIN device AS v ON v.id = d.device_id
WHERE d.id IN (
	(SELECT id FROM deployment
		WHERE active AND look_from <= at($1::bigint) AND look_at <= at($1::bigint)
		ORDER BY look_from, device_id LIMIT $2::bigint)
	UNION ALL
	(SELECT id FROM deployment WHERE active AND renew_at <= at($1::bigint)
		ORDER BY renew_at, device_id LIMIT $2::bigint))
ORDER BY least(d.look_at, d.renew_at), d.device_id
LIMIT $2::bigint

-- name: deployment_withdrawn
-- What a withdrawal left behind when it was cut off: few or none, found release by release.
SELECT :deployment_row, v.endpoint
FROM release AS r
JOIN deployment AS d ON d.release_id = r.id
JOIN device AS v ON v.id = d.device_id
WHERE r.state = 'withdrawn' AND d.active AND d.state = ANY ($1::text[])
LIMIT $2::bigint
