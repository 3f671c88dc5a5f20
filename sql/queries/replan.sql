-- Deciding anew what is in flight, after the policy has changed.

-- name: replan_start
INSERT INTO replan_job (policy_version, after_device_id)
VALUES ($1::bigint, 0)
ON CONFLICT (only_one) DO UPDATE SET policy_version = excluded.policy_version, after_device_id = 0

-- name: replan_newest_change
SELECT ms(at) FROM deployment_history ORDER BY id DESC LIMIT 1

-- name: replan_claim
SELECT after_device_id FROM replan_job FOR UPDATE SKIP LOCKED

-- name: replan_page
-- Devices are held first and by id, as the committer holds them. Versions rise, so that whoever is just
-- looking at one by the old policy has to look again. Spread, so that not all of a page are due at once.
WITH page AS (
	SELECT device_id
	FROM deployment
	WHERE active AND device_id > $1::bigint
	ORDER BY device_id
	FETCH FIRST ($4::bigint) ROWS WITH TIES
), held AS (
	SELECT v.id
	FROM device AS v
	WHERE v.id IN (SELECT device_id FROM page)
	ORDER BY v.id
	FOR NO KEY UPDATE
), marked AS (
	UPDATE deployment AS d
	SET renew_at = at($2::bigint + (d.device_id * 7919 % 1000) * $3::bigint / 1000),
		row_version = d.row_version + 1
	FROM held
	WHERE d.device_id = held.id AND d.active
		AND d.state IN ('planned', 'offered', 'deferred', 'accepted', 'downloading', 'downloaded')
)
SELECT count(*), max(device_id) FROM page

-- name: replan_advance
UPDATE replan_job SET after_device_id = $1::bigint

-- name: replan_end
DELETE FROM replan_job
