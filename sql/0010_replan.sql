-- After another policy was put into force, what is in flight is decided anew, page by page: how far that is.

CREATE TABLE replan_job (
	only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	policy_version bigint NOT NULL,
	after_device_id bigint NOT NULL
);
