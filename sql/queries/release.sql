-- name: release_lock_scope
-- Makes the scope when it is new, and holds it until the commit: two intakes cannot both win.
INSERT INTO release_scope (scope, highest)
VALUES ($1::bytea, -1)
ON CONFLICT (scope) DO UPDATE SET highest = release_scope.highest
RETURNING highest

-- name: release_raise_scope
UPDATE release_scope SET highest = $2::bigint WHERE scope = $1::bytea

-- name: release_lock_arrivals
-- What arrives and what waits for it come one after the other, so that one sees the other: one lock,
-- since an image may complete a dependency, which completes its dependents, in no order of locks.
SELECT pg_advisory_xact_lock(73072129)

-- name: release_exists
SELECT EXISTS (SELECT FROM release WHERE digest = $1::text)

-- name: release_insert
INSERT INTO release (digest, sequence_number, scope, state, targeted, vendor_ids, class_ids,
	version, reference_uri, update_priority, use_before, kind, labels, envelope, envelope_bytes,
	severed_envelope, severed_envelope_bytes, signers, published_by, published_at, waits,
	needs_class)
VALUES ($1::text, $2::bigint, $3::bytea, $4::text, $5::boolean, $6::uuid[], $7::uuid[],
	$8::text, $9::text, $10::bigint, at($11::bigint), $12::text, coalesce($13::text, '{}')::jsonb,
	$14::text, $15::bigint, $16::text, $17::bigint, $18::uuid[], $19::text, at($20::bigint),
	$21::bigint, $22::boolean)
RETURNING id

-- name: release_image_insert
-- A dependency is there when its release lacks nothing: what is served for it is that one's envelope.
INSERT INTO release_image (release_id, ordinal, component, digest, size_bytes, uri, blob,
	integrated, hosted, present)
SELECT v.release_id, v.ordinal, v.component, v.digest, v.size_bytes, v.uri, found.blob,
	v.integrated, v.hosted, v.present OR found.blob IS NOT NULL
FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::text[], $5::bigint[], $6::text[],
		$7::boolean[], $8::boolean[], $9::boolean[])
	AS v (release_id, ordinal, component, digest, size_bytes, uri, integrated, hosted, present)
LEFT JOIN LATERAL (
	SELECT blob FROM (
		SELECT i.digest AS blob, i.size_bytes FROM image AS i WHERE i.digest = v.digest
		UNION ALL
		SELECT r.envelope, r.envelope_bytes FROM release AS r
			WHERE r.digest = v.digest AND r.state <> 'incomplete'
		UNION ALL
		SELECT o.blob, i.size_bytes FROM release_image AS o JOIN image AS i ON i.digest = o.blob
			WHERE o.digest = v.digest
	) AS known
	WHERE v.size_bytes IS NULL OR known.size_bytes = v.size_bytes
	LIMIT 1
) AS found ON true

-- name: release_path_insert
INSERT INTO public_path (path, digest, blob, release_id)
SELECT v.path, i.digest, i.blob, i.release_id
FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS v (path, image, position)
JOIN release_image AS i ON i.release_id = $1::bigint AND i.ordinal = v.image
WHERE i.digest IS NOT NULL
ORDER BY v.position
ON CONFLICT (path) DO NOTHING

-- name: release_path_conflict
SELECT v.path
FROM unnest($2::text[], $3::bigint[]) AS v (path, image)
JOIN release_image AS i ON i.release_id = $1::bigint AND i.ordinal = v.image
JOIN public_path AS p ON p.path = v.path
WHERE p.digest <> i.digest
ORDER BY v.path
LIMIT 1

-- name: release_complete
-- Those of the given releases that lack nothing any more.
UPDATE release
SET state = 'verified', row_version = row_version + 1
WHERE id IN (
	SELECT r.id
	FROM release AS r
	WHERE r.id = ANY ($1::bigint[]) AND r.state = 'incomplete' AND NOT EXISTS (
		SELECT FROM release_image AS i
		WHERE i.release_id = r.id AND i.hosted AND NOT i.present)
	ORDER BY r.id
	FOR NO KEY UPDATE)
RETURNING digest, envelope, envelope_bytes

-- name: release_image_arrived
UPDATE release_image
SET present = true, blob = $2::text
WHERE digest = $1::text AND NOT present AND (size_bytes IS NULL OR size_bytes = $3::bigint)
RETURNING release_id

-- name: release_path_arrived
UPDATE public_path AS p
SET blob = $2::text
WHERE p.digest = $1::text AND p.blob IS NULL AND EXISTS (
	SELECT FROM release_image AS i
	WHERE i.release_id = p.release_id AND i.digest = p.digest AND i.blob = $2::text)

-- name: release_get
SELECT id, digest, sequence_number, scope, state, targeted, version, reference_uri,
	update_priority, ms(use_before), waits, kind, labels::text, envelope, envelope_bytes,
	severed_envelope, severed_envelope_bytes, published_by, approved_by, ms(published_at),
	ms(approved_at), ms(withdrawn_at), row_version
FROM release
WHERE digest = $1::text

-- name: release_list
SELECT id, digest, sequence_number, scope, state, targeted, version, reference_uri,
	update_priority, ms(use_before), waits, kind, labels::text, envelope, envelope_bytes,
	severed_envelope, severed_envelope_bytes, published_by, approved_by, ms(published_at),
	ms(approved_at), ms(withdrawn_at), row_version
FROM release
WHERE (published_at, id) < (at($1::bigint), $2::bigint)
ORDER BY published_at DESC, id DESC
LIMIT $3::bigint

-- name: release_candidates
-- A vendor of many products: releases that name a class of the device come before the others.
SELECT id, digest, sequence_number, scope, state, targeted, version, reference_uri,
	update_priority, ms(use_before), waits, kind, labels::text, envelope, envelope_bytes,
	severed_envelope, severed_envelope_bytes, published_by, approved_by, ms(published_at),
	ms(approved_at), ms(withdrawn_at), row_version
FROM release
WHERE id IN (
	SELECT id FROM release
	WHERE state = 'approved' AND targeted
		AND (vendor_ids && $1::uuid[] OR class_ids && $2::uuid[])
	ORDER BY class_ids && $2::uuid[] DESC, sequence_number DESC, id DESC
	LIMIT $3::bigint)
ORDER BY sequence_number DESC, id DESC

-- name: release_installed
-- The newest release that installs an image of this digest in this component, whatever its state.
SELECT v.position - 1, max(r.sequence_number)
FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS v (component, digest, position)
JOIN release_image AS i ON i.digest = v.digest AND i.component = v.component
JOIN release AS r ON r.id = i.release_id
GROUP BY v.position

-- name: release_published
-- Of what runs in each component, when it was published first; of these the oldest.
SELECT ms(min(p.at))
FROM (
	SELECT min(r.published_at) AS at
	FROM unnest($1::bytea[], $2::text[]) AS v (component, digest)
	JOIN release_image AS i ON i.digest = v.digest AND i.component = v.component
	JOIN release AS r ON r.id = i.release_id
	GROUP BY v.component) AS p

-- name: release_images
-- Of what is missed, the length of what came under its digest nevertheless.
SELECT i.release_id, i.component, i.digest, i.size_bytes, i.uri, i.integrated, i.hosted, i.present,
	CASE WHEN i.hosted AND NOT i.present THEN coalesce(
		(SELECT m.size_bytes FROM image AS m WHERE m.digest = i.digest),
		(SELECT r.envelope_bytes FROM release AS r WHERE r.digest = i.digest)) END
FROM release_image AS i
WHERE i.release_id = ANY ($1::bigint[])
ORDER BY i.release_id, i.ordinal

-- name: release_set_state
UPDATE release
SET state = $3::text,
	row_version = row_version + 1,
	approved_by = CASE $3::text WHEN 'approved' THEN $4::text ELSE approved_by END,
	approved_at = CASE $3::text WHEN 'approved' THEN at($5::bigint) ELSE approved_at END,
	withdrawn_by = CASE $3::text WHEN 'withdrawn' THEN $4::text ELSE withdrawn_by END,
	withdrawn_at = CASE $3::text WHEN 'withdrawn' THEN at($5::bigint) ELSE withdrawn_at END
WHERE digest = $1::text AND row_version = $2::bigint
RETURNING row_version, targeted, vendor_ids, class_ids, needs_class

-- name: release_path
SELECT blob FROM public_path WHERE path = $1::text AND blob IS NOT NULL

-- name: release_paths
SELECT path, blob FROM public_path WHERE blob IS NOT NULL ORDER BY path
