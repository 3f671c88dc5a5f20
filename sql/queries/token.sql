-- name: token_insert
INSERT INTO api_token (id, name, role, hash, created_at, created_by, expires_at)
VALUES ($1::uuid, $2::text, $3::text, $4::bytea, at($5::bigint), $6::text, at($7::bigint))

-- name: token_find
SELECT id, name, role, ms(created_at), ms(expires_at), ms(revoked_at)
FROM api_token
WHERE hash = $1::bytea

-- name: token_revoke
UPDATE api_token
SET revoked_at = coalesce(revoked_at, at($2::bigint))
WHERE id = $1::uuid

-- name: token_list
SELECT id, name, role, ms(created_at), ms(expires_at), ms(revoked_at)
FROM api_token
ORDER BY id
