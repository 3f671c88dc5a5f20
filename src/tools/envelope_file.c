/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an envelope from a file. */
#include "tools/envelope_file.h"

#include "tools/whole_file.h"

enum su_status envelope_file_read(struct su_arena *arena, const char *path, bool inspect,
	struct envelope *out, struct su_error *err)
{
	struct envelope_options options = { .allow_untagged = true, .inspect = inspect };
	struct su_span bytes;
	SU_TRY(whole_file_read(arena, path, ENVELOPE_FILE_MAX_BYTES, &bytes, err));
	enum su_status status = envelope_decode(arena, bytes, &options, out, err);
	if (status != SU_OK && err != NULL) {
		/* The field is where in the file it is. */
		struct su_error found = *err;
		su_fail(err, status, path, "%s%s%s", found.field,
			found.field[0] != '\0' ? ": " : "", found.text);
	}
	return status;
}
