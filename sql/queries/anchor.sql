-- name: anchor_insert
INSERT INTO trust_anchor (id, name, purpose, spki, key_type, thumbprint, vendor_ids, class_ids,
	endpoint, created_at, created_by)
VALUES ($1::uuid, $2::text, $3::text, $4::bytea, $5::text, $6::bytea, $7::uuid[], $8::uuid[],
	$9::text, at($10::bigint), $11::text)

-- name: anchor_get
SELECT id, name, purpose, spki, key_type, thumbprint, vendor_ids, class_ids, endpoint,
	ms(created_at), ms(revoked_at), revocation_reason
FROM trust_anchor
WHERE id = $1::uuid

-- name: anchor_list
SELECT id, name, purpose, spki, key_type, thumbprint, vendor_ids, class_ids, endpoint,
	ms(created_at), ms(revoked_at), revocation_reason
FROM trust_anchor
WHERE purpose = $1::text
ORDER BY id

-- name: anchor_of_device
SELECT id, name, purpose, spki, key_type, thumbprint, vendor_ids, class_ids, endpoint,
	ms(created_at), ms(revoked_at), revocation_reason
FROM trust_anchor
WHERE purpose = 'device' AND endpoint = $1::text
UNION ALL
SELECT id, name, purpose, spki, key_type, thumbprint, vendor_ids, class_ids, endpoint,
	ms(created_at), ms(revoked_at), revocation_reason
FROM trust_anchor
WHERE purpose = 'device' AND endpoint IS NULL

-- name: anchor_revoke
UPDATE trust_anchor
SET revoked_at = coalesce(revoked_at, at($3::bigint)),
	revocation_reason = CASE WHEN revoked_at IS NULL THEN $2::text ELSE revocation_reason END
WHERE id = $1::uuid
