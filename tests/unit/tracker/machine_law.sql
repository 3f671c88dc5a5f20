-- What must hold of deployments after every transaction, whoever made it. Breaches are noted, not prevented:
-- what is tested goes on as it would in a daemon. law_move is filled from the table of transitions.

SET client_min_messages = warning;
-- At once and before all else: a tracker is at work already, and has read what it will write.
LOCK TABLE deployment, deployment_history IN ACCESS EXCLUSIVE MODE;
DROP TABLE IF EXISTS law_move, law_breach CASCADE;
CREATE TABLE law_move (
	from_state text NOT NULL,
	event text NOT NULL,
	to_state text NOT NULL,
	PRIMARY KEY (from_state, event)
);
CREATE TABLE law_breach (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	deployment_id uuid NOT NULL,
	what text NOT NULL
);

CREATE OR REPLACE FUNCTION law_note(which uuid, what text) RETURNS void LANGUAGE sql
AS 'INSERT INTO law_breach (deployment_id, what) VALUES (which, what)';

CREATE OR REPLACE FUNCTION law_is_end(state text) RETURNS boolean LANGUAGE sql IMMUTABLE
AS $$ SELECT state IN ('confirmed', 'failed', 'rejected', 'cancelled', 'superseded', 'expired') $$;

-- Rows of the history that are no events of the table: how a deployment begins, what came of a command.
CREATE OR REPLACE FUNCTION law_is_remark(what text) RETURNS boolean LANGUAGE sql STABLE
AS $$ SELECT NOT EXISTS (SELECT FROM law_move WHERE event = what) $$;

CREATE OR REPLACE FUNCTION law_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	before text;
BEGIN
	SELECT to_state INTO before
	FROM deployment_history
	WHERE deployment_id = NEW.deployment_id AND id < NEW.id
	ORDER BY id DESC
	LIMIT 1;
	IF NEW.from_state <> coalesce(before, 'planned') THEN
		PERFORM law_note(NEW.deployment_id, format('%s from %s comes after %s', NEW.event,
			NEW.from_state, coalesce(before, 'nothing')));
	END IF;
	IF law_is_end(NEW.from_state) OR NOT (
		EXISTS (SELECT FROM law_move AS m WHERE (m.from_state, m.event, m.to_state)
			= (NEW.from_state, NEW.event, NEW.to_state))
		OR (law_is_remark(NEW.event) AND NEW.from_state = NEW.to_state)
	) THEN
		PERFORM law_note(NEW.deployment_id, format('%s leads from %s to %s', NEW.event,
			NEW.from_state, NEW.to_state));
	END IF;
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER law_of_history AFTER INSERT ON deployment_history
	FOR EACH ROW EXECUTE FUNCTION law_of_history();

CREATE OR REPLACE FUNCTION law_of_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF law_is_end(OLD.state) THEN
		PERFORM law_note(OLD.id, format('%s is an end, and was changed to %s', OLD.state, NEW.state));
	END IF;
	IF (OLD.device_id, OLD.release_id, OLD.created_at) <> (NEW.device_id, NEW.release_id, NEW.created_at) THEN
		PERFORM law_note(OLD.id, 'became another deployment');
	END IF;
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER law_of_ends AFTER UPDATE ON deployment
	FOR EACH ROW EXECUTE FUNCTION law_of_ends();

-- At the commit, when all rows are written.
CREATE OR REPLACE FUNCTION law_of_deployment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	d deployment;
	told text;
	begun bigint;
	failed bigint;
BEGIN
	SELECT * INTO d FROM deployment WHERE id = NEW.id;
	SELECT to_state INTO told FROM deployment_history
	WHERE deployment_id = d.id ORDER BY id DESC LIMIT 1;
	SELECT count(*) FILTER (WHERE to_state = 'downloading' AND from_state <> to_state),
		count(*) FILTER (WHERE event = 'retry' AND from_state <> to_state)
	INTO begun, failed FROM deployment_history WHERE deployment_id = d.id;
	IF d.state <> coalesce(told, 'nothing') THEN
		PERFORM law_note(d.id, format('is %s, but its history says %s', d.state, coalesce(told, 'nothing')));
	END IF;
	IF d.active = law_is_end(d.state) THEN
		PERFORM law_note(d.id, format('is %s and active: %s', d.state, d.active));
	END IF;
	IF d.attempts <> begun THEN
		PERFORM law_note(d.id, format('%s downloads were begun, not %s', begun, d.attempts));
	END IF;
	IF d.failures <> failed THEN
		PERFORM law_note(d.id, format('%s tries failed, not %s', failed, d.failures));
	END IF;
	-- Nothing waits for a message alone: silence, or the next look, brings it on.
	IF d.active AND d.deadline_at IS NULL AND d.look_at IS NULL THEN
		PERFORM law_note(d.id, format('is %s, and no timer will wake it', d.state));
	END IF;
	IF d.active AND (d.look_at < coalesce(d.look_from, 'infinity')
			OR d.deadline_at < coalesce(d.deadline_from, 'infinity')) THEN
		PERFORM law_note(d.id, 'will be found too late: an index has a later time');
	END IF;
	IF d.active AND (SELECT count(*) FROM deployment AS o WHERE o.device_id = d.device_id AND o.active) > 1 THEN
		PERFORM law_note(d.id, 'is not the only one in flight on its device');
	END IF;
	RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS law_of_deployment ON deployment;
CREATE CONSTRAINT TRIGGER law_of_deployment AFTER INSERT OR UPDATE ON deployment
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION law_of_deployment();

-- For a moment at which nothing is under way: the first breach, or no row.
CREATE OR REPLACE VIEW law_report AS
SELECT b.id AS rank, format('deployment %s: %s', b.deployment_id, b.what) AS breach,
	b.deployment_id
FROM law_breach AS b
UNION ALL
SELECT 1000000, format('%s deployments are %s, but the counter says %s', count(d.id), c.state,
	coalesce(min(k.value), 0)), NULL
FROM (SELECT DISTINCT to_state AS state FROM law_move) AS c
LEFT JOIN deployment AS d ON d.state = c.state
LEFT JOIN (SELECT name, sum(value) AS value FROM counter GROUP BY name) AS k ON k.name = 'deployments.' || c.state
GROUP BY c.state
HAVING count(d.id) <> coalesce(min(k.value), 0);
