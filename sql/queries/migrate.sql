-- Run unprepared, on a database that may still be empty.

-- name: migration_lock
SELECT pg_advisory_lock(7307212904171009)

-- name: migration_table
CREATE TABLE IF NOT EXISTS schema_migration (
	version bigint PRIMARY KEY,
	name text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now()
)

-- name: migration_applied
SELECT coalesce(max(version), 0)::bigint FROM schema_migration

-- name: migration_record
INSERT INTO schema_migration (version, name) VALUES ($1::bigint, $2::text)
