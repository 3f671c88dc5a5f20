-- name: policy_get
SELECT version, text, saved_by, ms(saved_at)
FROM policy_document
WHERE version = $1::bigint

-- name: policy_get_current
SELECT version, text, saved_by, ms(saved_at)
FROM policy_document
ORDER BY version DESC
LIMIT 1

-- name: policy_version
SELECT coalesce(max(version), 0) FROM policy_document

-- Two that read the same version cannot both follow it.
-- name: policy_insert
INSERT INTO policy_document (version, text, saved_by, saved_at)
VALUES ($1::bigint, $2::text, $3::text, at($4::bigint))
ON CONFLICT (version) DO NOTHING

-- name: policy_list
SELECT version, NULL::text, saved_by, ms(saved_at)
FROM policy_document
WHERE $1::bigint = 0 OR version < $1::bigint
ORDER BY version DESC
LIMIT $2::bigint
