/* SPDX-License-Identifier: Apache-2.0 */
/* Typed members of a JSON object. */
#include "tools/json_read.h"

#include <string.h>

static bool is_listed(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

enum su_status json_read_only(const json_t *object, const char *const *names, struct su_error *err)
{
	if (!json_is_object(object))
		return su_fail(err, SU_INVALID, "", "must be an object");
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)object, name, value)
	{
		if (!is_listed(names, name))
			return su_fail(err, SU_INVALID, name, "is not a known member");
	}
	return SU_OK;
}

enum su_status json_read_string(
	const json_t *object, const char *name, const char **out, struct su_error *err)
{
	const json_t *value = json_object_get(object, name);
	if (value == NULL)
		return SU_OK;
	if (!json_is_string(value) || json_string_length(value) == 0)
		return su_fail(err, SU_INVALID, name, "must be a text that is not empty");
	*out = json_string_value(value);
	return SU_OK;
}

enum su_status json_read_int(
	const json_t *object, const char *name, int64_t *out, bool *has_out, struct su_error *err)
{
	const json_t *value = json_object_get(object, name);
	if (value == NULL)
		return SU_OK;
	if (!json_is_integer(value))
		return su_fail(err, SU_INVALID, name, "must be a whole number");
	*out = json_integer_value(value);
	*has_out = true;
	return SU_OK;
}

enum su_status json_read_uint(
	const json_t *object, const char *name, uint64_t *out, bool *has_out, struct su_error *err)
{
	int64_t value = 0;
	bool has = false;
	SU_TRY(json_read_int(object, name, &value, &has, err));
	if (has && value < 0)
		return su_fail(err, SU_INVALID, name, "must not be negative");
	if (has) {
		*out = (uint64_t)value;
		*has_out = true;
	}
	return SU_OK;
}

enum su_status json_read_bool(
	const json_t *object, const char *name, bool *out, struct su_error *err)
{
	const json_t *value = json_object_get(object, name);
	if (value == NULL)
		return SU_OK;
	if (!json_is_boolean(value))
		return su_fail(err, SU_INVALID, name, "must be true or false");
	*out = json_is_true(value);
	return SU_OK;
}
