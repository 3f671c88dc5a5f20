-- Who agreed to releases.

-- name: approval_lock
-- Two who approve at once come one after the other: the second sees what the first gave.
SELECT id FROM release WHERE digest = $1::text FOR NO KEY UPDATE

-- name: approval_insert
INSERT INTO release_approval (release_id, role, given_by, given_at, reason)
SELECT id, $2::text, $3::text, at($4::bigint), $5::text FROM release WHERE digest = $1::text
ON CONFLICT (release_id, role) DO NOTHING

-- name: approval_note
-- The release shows what is missing: who looked at it before sees that it changed.
UPDATE release SET row_version = row_version + 1 WHERE digest = $1::text

-- name: approval_list
SELECT v.position - 1, a.role, a.given_by, ms(a.given_at), a.reason
FROM unnest($1::text[]) WITH ORDINALITY AS v (digest, position)
JOIN release AS r ON r.digest = v.digest
JOIN release_approval AS a ON a.release_id = r.id
ORDER BY v.position, a.given_at, a.role
