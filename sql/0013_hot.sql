-- A message of a device moves both times of its deployment on. With them in no index, such a change touches none
-- (HOT), so the indexes hold how early they may be at the soonest: it only falls with them, and is put right when
-- it is reached.

ALTER TABLE deployment
	ADD COLUMN look_from timestamptz,	-- look_at is no sooner
	ADD COLUMN deadline_from timestamptz;	-- deadline_at is no sooner
DROP INDEX deployment_to_look_at, deployment_due;
UPDATE deployment SET look_from = look_at, deadline_from = deadline_at WHERE active;
CREATE INDEX deployment_to_look_at ON deployment (look_from) WHERE active AND look_from IS NOT NULL;
CREATE INDEX deployment_due ON deployment (deadline_from) WHERE active AND deadline_from IS NOT NULL;
-- Room for the next versions of rows that change again and again, and change together.
ALTER TABLE deployment SET (fillfactor = 60);
