-- How far a release is, summed up over its deployments: each statement reads those of one release, by index.

-- name: release_plan_groups
SELECT d.state, d.mode, d.urgency, count(*),
	count(*) FILTER (WHERE d.active AND d.due_at <= at($2::bigint)),
	count(*) FILTER (WHERE d.active AND d.install_at IS NULL),
	ms(max(d.due_at)), ms(max(d.changed_at)), ms(max(greatest(d.download_at, d.install_at))),
	ms(max(d.install_at))
FROM release AS r
JOIN deployment AS d ON d.release_id = r.id
WHERE r.digest = $1::text
GROUP BY d.state, d.mode, d.urgency
ORDER BY d.state, d.mode, d.urgency

-- name: release_plan_starts
-- What is to come, in spans of $3; what should have begun already counts as beginning now.
SELECT t.begins / $3::bigint * $3::bigint, sum(t.downloads)::bigint, sum(t.installs)::bigint
FROM release AS r
JOIN deployment AS d ON d.release_id = r.id
CROSS JOIN LATERAL (VALUES
	(greatest(ms(d.download_at), $2::bigint), 1, 0,
		d.download_at IS NOT NULL
		AND d.state IN ('planned', 'offered', 'deferred', 'accepted')),
	(greatest(ms(d.install_at), $2::bigint), 0, 1,
		d.install_at IS NOT NULL
		AND d.state NOT IN ('installing', 'rebooting'))
) AS t (begins, downloads, installs, counts)
WHERE r.digest = $1::text AND d.active AND t.counts
GROUP BY 1
ORDER BY 1

-- name: release_plan_is_under_way
SELECT EXISTS (
	SELECT FROM plan_job AS j JOIN release AS r ON r.id = j.release_id WHERE r.digest = $1::text
)
