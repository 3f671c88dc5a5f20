-- What a deployment is made of, component by component, in the order in which they are installed.

CREATE TABLE deployment_component (
	deployment_id uuid NOT NULL REFERENCES deployment,
	component bytea NOT NULL,	-- the encoded identifier
	ordinal integer NOT NULL,
	wanted text NOT NULL,		-- digests, separated by a space: any of them will do
	state text NOT NULL,
	reported text,			-- digest that the device told last; null: none
	changed_at timestamptz NOT NULL,
	detail text,
	PRIMARY KEY (deployment_id, component)
) WITH (fillfactor = 85);
