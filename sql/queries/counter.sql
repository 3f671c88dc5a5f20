-- Rows are taken in the order given: sort by name, and make it the last step of a transaction.

-- name: counter_add
-- Connections that share a shard wait for each other, no more.
INSERT INTO counter (name, shard, value)
SELECT v.name, pg_backend_pid() % 16, v.value
FROM unnest($1::text[], $2::bigint[]) AS v (name, value)
ON CONFLICT (name, shard) DO UPDATE SET value = counter.value + excluded.value

-- name: counter_list
SELECT name, sum(value)::bigint FROM counter GROUP BY name ORDER BY name
