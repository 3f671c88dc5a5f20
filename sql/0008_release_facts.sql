-- What a manifest makes devices wait for: policies may ask.

ALTER TABLE release ADD COLUMN waits bigint NOT NULL DEFAULT 0;	-- bits (1 << event of wait-info)
