-- Planning for devices that do not poll: jobs that go through a release's devices, bookings, and what was learned.

CREATE TABLE plan_job (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	release_id bigint NOT NULL UNIQUE REFERENCES release,
	after_device_id bigint NOT NULL DEFAULT 0,	-- planned up to this one
	created_at timestamptz NOT NULL
);
CREATE INDEX device_by_vendor ON device USING gin (vendor_ids) WHERE removed_at IS NULL;
CREATE INDEX device_by_class ON device USING gin (class_ids) WHERE removed_at IS NULL;
CREATE INDEX deployment_booked ON deployment (download_at) WHERE active AND download_at IS NOT NULL;

-- Running moments of what transfers and installations took in a device class.
CREATE TABLE estimate (
	class_id uuid PRIMARY KEY,
	n_transfers bigint NOT NULL,
	n_installs bigint NOT NULL,
	mean_log_rate float8 NOT NULL,
	m2_log_rate float8 NOT NULL,
	mean_log_install float8 NOT NULL,
	m2_log_install float8 NOT NULL
);
