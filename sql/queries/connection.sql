-- What a connection itself needs.

-- name: connection_settings
SELECT set_config('statement_timeout', $1::text, false),
	set_config('idle_in_transaction_session_timeout', $2::text, false)

-- name: connection_plan_once
SELECT set_config('plan_cache_mode', 'force_generic_plan', false)

-- The backend of a connection that was given up without an answer, and that is at work still.
-- name: connection_left_behind
SELECT 1 FROM pg_stat_activity WHERE pid = $1::bigint AND state = 'active'

-- name: begin
BEGIN ISOLATION LEVEL READ COMMITTED

-- name: commit
COMMIT

-- name: rollback
ROLLBACK
