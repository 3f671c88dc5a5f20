-- Rows are taken in the order given: sort by name, and make it the last step of a transaction.

-- name: counter_add
INSERT INTO counter (name, value)
SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value

-- name: counter_list
SELECT name, value FROM counter ORDER BY name
