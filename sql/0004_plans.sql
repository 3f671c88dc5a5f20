-- What was decided about a deployment (class, times, tries), and when it is to be looked at again: by index.

ALTER TABLE deployment
	ADD COLUMN urgency text NOT NULL DEFAULT 'normal',
	ADD COLUMN vulnerable_since timestamptz,
	ADD COLUMN due_at timestamptz,		-- the class's deadline
	ADD COLUMN look_at timestamptz,		-- when to decide the next step though nothing happens
	ADD COLUMN download_at timestamptz,	-- booked, for transfer_ms
	ADD COLUMN transfer_ms bigint NOT NULL DEFAULT 0,
	ADD COLUMN install_at timestamptz,	-- expected
	ADD COLUMN promised_at timestamptz,	-- the device said "at T"
	ADD COLUMN deferrals integer NOT NULL DEFAULT 0,
	ADD COLUMN failures integer NOT NULL DEFAULT 0,
	ADD COLUMN offers integer NOT NULL DEFAULT 0,	-- without an answer
	ADD COLUMN last_failure_at timestamptz,
	ADD COLUMN last_offer_at timestamptz,
	ADD COLUMN noticed_at timestamptz,	-- told of an interruption
	ADD COLUMN reasons jsonb;		-- rules and facts behind class, mode and time
CREATE INDEX deployment_to_look_at ON deployment (look_at) WHERE active AND look_at IS NOT NULL;
