/* SPDX-License-Identifier: Apache-2.0 */
/* The labels that an author gave a release, one by one: texts, numbers and truth values. */
#pragma once

#include "policy/fields.h"

/* out->type says what is asked for: FIELD_TEXT, FIELD_DOUBLE or FIELD_BOOL. A label that is not there, or
 * is something else, stays unknown. */
void release_labels_read(const struct release *release, const char *label, struct su_arena *arena,
	struct field_value *out);
/* Whether there is such a label, of any of these types. */
bool release_labels_have(const struct release *release, const char *label);
