-- What deployments teach about the classes of their devices.

-- name: learning_samples
-- From the begin of the last download to its end, of all that the release and its dependencies name; and from
-- the begin of the installation until it was proved that the new firmware runs. 0: not seen.
SELECT v.class_ids[1], coalesce(b.bytes, 0), coalesce(ms(t.loaded) - ms(t.loading), 0),
	coalesce(ms(t.confirmed) - ms(t.installing), 0)
FROM deployment AS d
JOIN device AS v ON v.id = d.device_id
CROSS JOIN LATERAL (
	SELECT max(h.at) FILTER (WHERE h.to_state = 'downloading' AND h.from_state <> 'downloading')
			AS loading,
		max(h.at) FILTER (WHERE h.from_state = 'downloading' AND h.to_state <> 'downloading')
			AS loaded,
		max(h.at) FILTER (WHERE h.to_state IN ('installing', 'rebooting')
			AND h.from_state NOT IN ('installing', 'rebooting')) AS installing,
		max(h.at) FILTER (WHERE h.to_state = 'confirmed') AS confirmed
	FROM deployment_history AS h
	WHERE h.deployment_id = d.id) AS t
CROSS JOIN LATERAL (
	WITH RECURSIVE needed (release_id, depth) AS (
		SELECT d.release_id, 0
		UNION
		SELECT r.id, n.depth + 1
		FROM needed AS n
		JOIN release_image AS i ON i.release_id = n.release_id
		JOIN release AS r ON r.digest = i.digest
		WHERE n.depth < 4)
	SELECT sum(i.size_bytes)::bigint AS bytes
	FROM release_image AS i
	WHERE i.release_id IN (SELECT release_id FROM needed) AND NOT i.integrated) AS b
WHERE d.id = ANY ($1::uuid[]) AND v.class_ids <> '{}'
ORDER BY v.class_ids[1], d.id

-- name: learning_open
INSERT INTO estimate (class_id, n_transfers, n_installs, mean_log_rate, m2_log_rate,
	mean_log_install, m2_log_install)
SELECT DISTINCT v.class_id, 0, 0, 0::float8, 0::float8, 0::float8, 0::float8
FROM unnest($1::uuid[]) AS v (class_id)
ORDER BY v.class_id
ON CONFLICT (class_id) DO NOTHING

-- name: learning_lock
SELECT class_id, n_transfers, n_installs, mean_log_rate::text, m2_log_rate::text,
	mean_log_install::text, m2_log_install::text
FROM estimate
WHERE class_id = ANY ($1::uuid[])
ORDER BY class_id
FOR NO KEY UPDATE

-- name: learning_write
UPDATE estimate AS e
SET n_transfers = v.n_transfers, n_installs = v.n_installs,
	mean_log_rate = v.mean_log_rate::float8, m2_log_rate = v.m2_log_rate::float8,
	mean_log_install = v.mean_log_install::float8, m2_log_install = v.m2_log_install::float8
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[],
		$7::text[])
	AS v (class_id, n_transfers, n_installs, mean_log_rate, m2_log_rate, mean_log_install,
		m2_log_install)
WHERE e.class_id = v.class_id
