-- How devices work and when they are idle: as they told it (told_*), as operators laid it down
-- (device_provision), and what counts of both (without a prefix).

CREATE SEQUENCE device_provision_version;
CREATE TABLE device_provision (
	endpoint text PRIMARY KEY,	-- may exist before the device appears
	profile jsonb NOT NULL,
	calendar jsonb,
	mode text,
	site text,
	row_version bigint NOT NULL,	-- from the sequence: not even after a deletion used again
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
);

ALTER TABLE device
	ADD COLUMN told_profile jsonb NOT NULL DEFAULT '{}',
	ADD COLUMN told_calendar jsonb,
	ADD COLUMN told_site text,
	ADD COLUMN profile jsonb NOT NULL DEFAULT '{}',
	ADD COLUMN mode text NOT NULL DEFAULT 'client',
	ADD COLUMN mode_reason text,	-- NULL: not settled yet
	ADD COLUMN reachability text GENERATED ALWAYS AS (profile ->> 'reachability') STORED,
	ADD COLUMN always_on boolean GENERATED ALWAYS AS ((profile ->> 'always_on')::boolean) STORED,
	ADD COLUMN behind_nat boolean GENERATED ALWAYS AS ((profile ->> 'behind_nat')::boolean) STORED,
	ADD COLUMN answers boolean GENERATED ALWAYS AS ((profile ->> 'answers')::boolean) STORED,
	ADD COLUMN takes_push boolean GENERATED ALWAYS AS ((profile ->> 'takes_push')::boolean) STORED,
	ADD COLUMN wake_every_s bigint GENERATED ALWAYS AS ((profile ->> 'wake_every_s')::bigint) STORED,
	ADD COLUMN link_bytes_per_s bigint
		GENERATED ALWAYS AS ((profile ->> 'link_bytes_per_s')::bigint) STORED;
UPDATE device SET told_site = site WHERE site IS NOT NULL;
