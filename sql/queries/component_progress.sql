-- name: component_progress_list
SELECT deployment_id, component, wanted, state, reported, ms(changed_at), detail
FROM deployment_component
WHERE deployment_id = ANY ($1::uuid[])
ORDER BY deployment_id, ordinal

-- name: batch_put_component_progress
INSERT INTO deployment_component AS c (deployment_id, component, ordinal, wanted, state, reported,
	changed_at, detail)
SELECT v.deployment_id, v.component, v.ordinal, v.wanted, v.state, v.reported, at(v.changed_at),
	v.detail
FROM unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::text[], $5::text[], $6::text[],
		$7::bigint[], $8::text[])
	AS v (deployment_id, component, ordinal, wanted, state, reported, changed_at, detail)
ON CONFLICT (deployment_id, component) DO UPDATE
SET state = excluded.state, reported = excluded.reported, changed_at = excluded.changed_at,
	detail = excluded.detail
WHERE (c.state, c.reported, c.detail) IS DISTINCT FROM
	(excluded.state, excluded.reported, excluded.detail)
