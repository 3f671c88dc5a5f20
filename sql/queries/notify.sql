-- name: notify_listen
LISTEN suitd

-- name: notify_send
SELECT pg_notify('suitd', payload) FROM unnest($1::text[]) AS payload

-- name: notify_others
-- Unless the process of this origin is the only one that listens.
SELECT pg_notify('suitd', payload) FROM unnest($1::text[]) AS payload
WHERE EXISTS (SELECT FROM listener WHERE origin <> $2)

-- name: listener_hold
-- As long as its connection lives.
SELECT (pg_advisory_lock_shared(73072131, hashtext($1)) IS NULL)::int::bigint

-- name: listener_add
INSERT INTO listener (origin) VALUES ($1) ON CONFLICT DO NOTHING

-- name: listener_clean
-- Those whose connections are gone.
DELETE FROM listener WHERE origin <> $1 AND pg_try_advisory_xact_lock(73072131, hashtext(origin))

-- name: listener_horizon
-- Transactions that are yet to begin.
SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint

-- name: listener_oldest
-- The oldest transaction that is under way.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint
