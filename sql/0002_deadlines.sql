-- Who is silent for too long, and what a reported digest belongs to, are looked up by index.

CREATE INDEX deployment_due ON deployment (deadline_at) WHERE active AND deadline_at IS NOT NULL;
CREATE INDEX release_image_by_digest ON release_image (digest, component);
CREATE INDEX trust_anchor_of_device ON trust_anchor (endpoint) WHERE purpose = 'device';
