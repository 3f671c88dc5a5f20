-- What is to be decided anew after another policy: apart from look_at, which each message of a device sets.

ALTER TABLE deployment ADD COLUMN renew_at timestamptz;
CREATE INDEX deployment_to_renew ON deployment (renew_at) WHERE active AND renew_at IS NOT NULL;
