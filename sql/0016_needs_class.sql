-- SPDX-License-Identifier: Apache-2.0
-- Whether a device must have one of a release's classes to take it: who has none need not be judged.
-- Of what is here already that is not known: whoever shares the vendor is judged, as before.

ALTER TABLE release ADD COLUMN needs_class boolean NOT NULL DEFAULT false;
