-- What a connection itself needs.

-- name: connection_settings
SELECT set_config('statement_timeout', $1::text, false),
	set_config('idle_in_transaction_session_timeout', $2::text, false)

-- name: begin
BEGIN ISOLATION LEVEL READ COMMITTED

-- name: commit
COMMIT

-- name: rollback
ROLLBACK
