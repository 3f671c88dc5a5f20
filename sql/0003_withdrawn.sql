-- What a withdrawal that was cut off left in flight is looked for again and again: by index.

CREATE INDEX deployment_in_flight_of_release ON deployment (release_id, device_id) WHERE active;
CREATE INDEX release_withdrawn ON release (id) WHERE state = 'withdrawn';
