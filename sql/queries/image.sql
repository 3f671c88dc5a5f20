-- name: image_insert
INSERT INTO image (digest, size_bytes, uploaded_by, uploaded_at)
VALUES ($1::text, $2::bigint, $3::text, at($4::bigint))
ON CONFLICT (digest) DO NOTHING

-- name: image_get
SELECT digest, size_bytes, uploaded_by, ms(uploaded_at)
FROM image
WHERE digest = $1::text

-- name: image_list
SELECT digest, size_bytes, uploaded_by, ms(uploaded_at)
FROM image
WHERE digest > $1::text
ORDER BY digest
LIMIT $2::bigint

-- name: upload_insert
INSERT INTO upload (id, length_bytes, expected, uploaded_by, created_at, expires_at)
VALUES ($1::uuid, $2::bigint, $3::text, $4::text, at($5::bigint), at($6::bigint))

-- name: upload_get
SELECT id, length_bytes, expected, uploaded_by, ms(created_at), ms(expires_at), finished
FROM upload
WHERE id = $1::uuid

-- name: upload_finish
UPDATE upload SET finished = $2::text WHERE id = $1::uuid

-- name: upload_delete
DELETE FROM upload WHERE id = $1::uuid

-- name: upload_expired
SELECT id, length_bytes, expected, uploaded_by, ms(created_at), ms(expires_at), finished
FROM upload
WHERE expires_at <= at($1::bigint) AND finished IS NULL
ORDER BY expires_at, id
LIMIT $2::bigint

-- name: upload_purge
DELETE FROM upload WHERE expires_at <= at($1::bigint) AND finished IS NOT NULL
