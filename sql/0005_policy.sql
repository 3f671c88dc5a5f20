-- Every policy document that was ever in force; the highest version is the one that holds.

CREATE TABLE policy_document (
	version bigint PRIMARY KEY,
	text text NOT NULL,		-- compact JSON
	saved_by text NOT NULL,
	saved_at timestamptz NOT NULL
);
