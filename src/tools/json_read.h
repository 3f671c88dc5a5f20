/* SPDX-License-Identifier: Apache-2.0 */
/* Reading members of a JSON object with clear complaints. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* names ends with NULL; a member that is not among them is SU_INVALID. */
enum su_status json_read_only(
	const json_t *object, const char *const *names, struct su_error *err) SU_MUST_CHECK;
/* An absent member leaves *out alone. */
enum su_status json_read_string(const json_t *object, const char *name, const char **out,
	struct su_error *err) SU_MUST_CHECK;
enum su_status json_read_uint(const json_t *object, const char *name, uint64_t *out, bool *has_out,
	struct su_error *err) SU_MUST_CHECK;
enum su_status json_read_int(const json_t *object, const char *name, int64_t *out, bool *has_out,
	struct su_error *err) SU_MUST_CHECK;
enum su_status json_read_bool(
	const json_t *object, const char *name, bool *out, struct su_error *err) SU_MUST_CHECK;
