-- name: audit_append
INSERT INTO audit (at, actor, action, subject, detail)
VALUES (at($1::bigint), $2::text, $3::text, $4::text, coalesce($5::text, '{}')::jsonb)

-- name: audit_list
SELECT id, ms(at), actor, action, subject, detail::text
FROM audit
WHERE id < $1::bigint
ORDER BY id DESC
LIMIT $2::bigint
