-- name: notify_listen
LISTEN suitd

-- name: notify_send
SELECT pg_notify('suitd', payload) FROM unnest($1::text[]) AS payload
