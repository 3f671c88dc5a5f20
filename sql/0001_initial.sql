-- The schema. Times are timestamptz; statements speak milliseconds since 1970 through ms() and at().

-- Stable and not strict, so that the planner puts their bodies in place of the calls.
CREATE FUNCTION ms(timestamptz) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
	AS 'SELECT round(extract(epoch FROM $1) * 1000)::bigint';
CREATE FUNCTION at(bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
	AS 'SELECT to_timestamp($1 / 1000.0::float8)';

CREATE TABLE api_token (
	id uuid PRIMARY KEY,
	name text NOT NULL UNIQUE,
	role text NOT NULL,
	hash bytea NOT NULL UNIQUE,	-- SHA-256 of the secret: it has 256 random bits, no salt is needed
	created_at timestamptz NOT NULL,
	created_by text NOT NULL,
	expires_at timestamptz,
	revoked_at timestamptz
);

CREATE TABLE trust_anchor (
	id uuid PRIMARY KEY,
	name text NOT NULL,
	purpose text NOT NULL CHECK (purpose IN ('author', 'device')),
	spki bytea NOT NULL,
	key_type text NOT NULL,
	thumbprint bytea NOT NULL,
	vendor_ids uuid[] NOT NULL DEFAULT '{}',	-- empty: any
	class_ids uuid[] NOT NULL DEFAULT '{}',		-- empty: any
	endpoint text,
	created_at timestamptz NOT NULL,
	created_by text NOT NULL,
	revoked_at timestamptz,
	revocation_reason text
);
CREATE UNIQUE INDEX trust_anchor_in_force ON trust_anchor (thumbprint, purpose) WHERE revoked_at IS NULL;

CREATE TABLE image (
	digest text PRIMARY KEY,	-- "sha256:<hex>", the name of the blob
	size_bytes bigint NOT NULL,
	uploaded_by text NOT NULL,
	uploaded_at timestamptz NOT NULL
);

CREATE TABLE upload (
	id uuid PRIMARY KEY,
	length_bytes bigint NOT NULL,
	expected text,
	uploaded_by text NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	finished text
);

-- The highest sequence number of each scope: taken row by row, so that two intakes cannot both win.
CREATE TABLE release_scope (
	scope bytea PRIMARY KEY,
	highest bigint NOT NULL
);

CREATE TABLE release (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	digest text NOT NULL UNIQUE,
	sequence_number bigint NOT NULL,
	scope bytea NOT NULL REFERENCES release_scope,
	state text NOT NULL,
	targeted boolean NOT NULL,
	vendor_ids uuid[] NOT NULL,
	class_ids uuid[] NOT NULL,
	version text,
	reference_uri text,
	update_priority bigint,
	use_before timestamptz,
	kind text NOT NULL,
	labels jsonb NOT NULL,
	envelope text NOT NULL,		-- sha256 of the stored file
	envelope_bytes bigint NOT NULL,
	severed_envelope text NOT NULL,
	severed_envelope_bytes bigint NOT NULL,
	signers uuid[] NOT NULL,	-- trust anchors whose signature was good
	published_by text NOT NULL,
	published_at timestamptz NOT NULL,
	approved_by text,
	approved_at timestamptz,
	withdrawn_by text,
	withdrawn_at timestamptz,
	row_version bigint NOT NULL DEFAULT 1,
	UNIQUE (scope, sequence_number)
);
CREATE INDEX release_by_vendor ON release USING gin (vendor_ids) WHERE state = 'approved';
CREATE INDEX release_by_class ON release USING gin (class_ids) WHERE state = 'approved';
CREATE INDEX release_by_time ON release (published_at, id);

CREATE TABLE release_image (
	release_id bigint NOT NULL REFERENCES release,
	ordinal integer NOT NULL,
	component bytea NOT NULL,
	digest text,
	size_bytes bigint,
	uri text,
	blob text,			-- sha256 of the file that is served for it; a dependency's differs from digest
	integrated boolean NOT NULL,
	hosted boolean NOT NULL,
	present boolean NOT NULL,
	PRIMARY KEY (release_id, ordinal)
);
CREATE INDEX release_image_awaited ON release_image (digest) WHERE NOT present;

-- What is served at the path of a manifest's own URI. A path never changes its content.
CREATE TABLE public_path (
	path text PRIMARY KEY,
	digest text NOT NULL,		-- as the manifest gives it
	blob text,			-- sha256 of the file, once it is here
	release_id bigint NOT NULL REFERENCES release
);
CREATE INDEX public_path_awaited ON public_path (digest) WHERE blob IS NULL;

CREATE TABLE device (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	endpoint text NOT NULL UNIQUE,
	registration uuid NOT NULL,
	registered_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	last_seen_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	removed_at timestamptz,
	lifetime_s bigint NOT NULL,
	transport text NOT NULL,
	address text NOT NULL,
	envelope_form text NOT NULL,
	vendor_ids uuid[] NOT NULL,
	class_ids uuid[] NOT NULL,
	device_id uuid,
	serial text,
	manufacturer text,
	model text,
	hardware_version text,
	site text,
	battery_mwh bigint,
	free_memory_bytes bigint,
	row_version bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX device_by_registration ON device (registration);

CREATE TABLE device_component (
	device_id bigint NOT NULL REFERENCES device,
	component bytea NOT NULL,
	digest text,
	sequence_number bigint,
	version text,
	size_bytes bigint,
	active_slot bigint,
	PRIMARY KEY (device_id, component)
) WITH (fillfactor = 85);

CREATE TABLE device_credential (
	endpoint text PRIMARY KEY,	-- also the PSK identity; may exist before the device appears
	psk_sealed bytea,		-- AES-256-GCM under the credential key
	token_hash bytea,		-- SHA-256 of the HTTP bearer secret
	created_at timestamptz NOT NULL,
	created_by text NOT NULL
);

CREATE TABLE deployment (
	id uuid PRIMARY KEY,
	device_id bigint NOT NULL REFERENCES device,
	release_id bigint NOT NULL REFERENCES release,
	state text NOT NULL,
	active boolean NOT NULL,	-- not at an end; apart from state so that state stays out of indexes
	mode text NOT NULL,
	named_by_operator boolean NOT NULL,
	created_at timestamptz NOT NULL,
	changed_at timestamptz NOT NULL,
	deadline_at timestamptz,
	progress_bytes bigint NOT NULL DEFAULT 0,
	attempts integer NOT NULL DEFAULT 0,
	reason text,
	row_version bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX deployment_in_flight ON deployment (device_id) WHERE active;
CREATE INDEX deployment_by_device ON deployment (device_id, id);
CREATE INDEX deployment_by_release ON deployment (release_id, id);

CREATE TABLE deployment_history (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	deployment_id uuid NOT NULL REFERENCES deployment,
	at timestamptz NOT NULL,
	from_state text NOT NULL,
	to_state text NOT NULL,
	event text NOT NULL,
	actor text NOT NULL,
	detail text
);
CREATE INDEX deployment_history_by_deployment ON deployment_history (deployment_id, id);

CREATE TABLE report (
	id uuid PRIMARY KEY,
	device_id bigint NOT NULL REFERENCES device,
	deployment_id uuid REFERENCES deployment,
	received_at timestamptz NOT NULL,
	payload bytea NOT NULL,		-- as received
	authentication text NOT NULL,	-- "signed", "channel" or "none"
	anchor_id uuid,
	success boolean NOT NULL,
	reason text
);
CREATE INDEX report_by_device ON report (device_id, id);

-- Counters that dashboards read; changed in the transaction of what they count, in the order of their names.
CREATE TABLE counter (
	name text PRIMARY KEY,		-- "devices", "deployments.confirmed", ...
	value bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE audit (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL,
	actor text NOT NULL,
	action text NOT NULL,		-- "release.approve", ...
	subject text NOT NULL,
	detail jsonb NOT NULL DEFAULT '{}'
);
