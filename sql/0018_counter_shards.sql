-- Who adds to a counter holds its row until the end of the transaction, that is, while the disk is waited for. So
-- that connections need not wait for each other there, each counts on rows of its own; a counter is their sum.

ALTER TABLE counter ADD COLUMN shard smallint NOT NULL DEFAULT 0;
ALTER TABLE counter DROP CONSTRAINT counter_pkey;
ALTER TABLE counter ADD PRIMARY KEY (name, shard);
