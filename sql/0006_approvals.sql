-- Who agreed to a release: one row each, so that what is still missing can be told.

CREATE TABLE release_approval (
	release_id bigint NOT NULL REFERENCES release,
	role text NOT NULL CHECK (role IN ('operator', 'network_operator', 'policy')),
	given_by text NOT NULL,
	given_at timestamptz NOT NULL,
	reason text,			-- the rule that asked for it, or for nobody
	PRIMARY KEY (release_id, role)
);

INSERT INTO release_approval (release_id, role, given_by, given_at)
SELECT id, 'operator', approved_by, approved_at FROM release
WHERE approved_by IS NOT NULL AND approved_at IS NOT NULL;
