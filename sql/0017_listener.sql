-- SPDX-License-Identifier: Apache-2.0
-- Who listens for notifications: a process that is alone sends none of what its devices tell. After a crash of the
-- server nobody is listed, and whoever listens again is.

CREATE UNLOGGED TABLE listener (
	origin text PRIMARY KEY
);
