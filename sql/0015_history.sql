-- History is the table that grows most: one index, and no look-up of the deployment for each row. Steps are only
-- ever written in the transaction that writes their deployment, whose device's row is held by then, and
-- deployments are not deleted.

ALTER TABLE deployment_history DROP CONSTRAINT deployment_history_deployment_id_fkey;
ALTER TABLE deployment_history DROP CONSTRAINT deployment_history_pkey;
ALTER TABLE deployment_history ADD PRIMARY KEY (deployment_id, id);
DROP INDEX deployment_history_by_deployment;
