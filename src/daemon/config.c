/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the configuration file through inih, and holds its values against each other. */
#include "daemon/config.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "daemon/config_schema.h"
#include "daemon/config_value.h"
#include "daemon/small_file.h"

#define MAX_FILE_BYTES (1024 * 1024)
#define MAX_LINE_BYTES 8192

struct reader {
	const char *rest; /* what inih has not been given yet */
	unsigned line;
	bool too_long; /* a line did not fit inih's buffer */
	struct config *config;
	bool *given;           /* by place in config_schema */
	struct su_error error; /* the first one */
	unsigned error_line;
};

static void *member_of(struct config *config, const struct config_option *option)
{
	return (char *)config + option->offset;
}

static const void *const_member_of(const struct config *config, const struct config_option *option)
{
	return (const char *)config + option->offset;
}

/* As fgets. inih would take the rest of a long line for a line of its own. */
static char *next_line(char *line, int size, void *stream)
{
	struct reader *reader = stream;
	if (!*reader->rest || size < 2)
		return NULL;
	size_t len = strcspn(reader->rest, "\n");
	if (reader->rest[len] == '\n')
		len++;
	reader->line++;
	if (len >= (size_t)size) {
		reader->too_long = true;
		return NULL;
	}
	memcpy(line, reader->rest, len);
	line[len] = '\0';
	reader->rest += len;
	return line;
}

static enum su_status take_option(struct reader *reader, const char *section, const char *key,
	const char *value, struct su_error *err)
{
	bool section_known;
	const struct config_option *option = config_schema_find(section, key, &section_known);
	if (!section_known)
		return su_fail(err, SU_INVALID, "", "there is no section [%.40s]", section);
	if (!option)
		return su_fail(err, SU_INVALID, key, "there is no such option in [%s]", section);
	bool *given = &reader->given[option - config_schema];
	if (*given)
		return su_fail(err, SU_INVALID, key, "is given twice");
	*given = true;
	enum su_status status = config_value_parse(
		reader->config->arena, option, value, member_of(reader->config, option), err);
	if (status != SU_OK && err)
		snprintf(err->field, sizeof(err->field), "%s", key);
	return status;
}

static int on_option(void *user, const char *section, const char *key, const char *value)
{
	struct reader *reader = user;
	if (reader->error.status != SU_OK)
		return 0;
	struct su_error error = { 0 };
	if (take_option(reader, section, key, value, &error) == SU_OK)
		return 1;
	if (error.field[0])
		su_error_within(&error, section);
	reader->error = error;
	reader->error_line = reader->line;
	return 0;
}

static enum su_status read_text(
	struct reader *reader, const char *name, const char *text, struct su_error *err)
{
	/* inih's own settings: long connection strings, and indented options that are options. */
	ini_max_line = MAX_LINE_BYTES;
	ini_allow_multiline = false;
	reader->rest = text;
	int bad_line = ini_parse_stream(next_line, reader, on_option, reader);
	if (reader->too_long)
		return su_fail(err, SU_INVALID, "", "%s line %u: is too long", name, reader->line);
	if (bad_line > 0 &&
		(reader->error.status == SU_OK || (unsigned)bad_line < reader->error_line))
		return su_fail(err, SU_INVALID, "",
			"%s line %d: is neither a [section] nor \"option = value\"", name,
			bad_line);
	if (bad_line < 0)
		return su_fail(err, SU_IO, "", "%s: cannot be parsed", name);
	if (reader->error.status == SU_OK)
		return SU_OK;
	if (err)
		*err = reader->error;
	su_error_prefix(err, "%s line %u", name, reader->error_line);
	return reader->error.status;
}

static void take_defaults(struct config *config)
{
	for (size_t i = 0; i < config_schema_len; i++) {
		const struct config_option *option = &config_schema[i];
		if (config_value_parse(config->arena, option, option->fallback,
			    member_of(config, option), NULL) != SU_OK)
			abort();
	}
}

static enum su_status check_together(const struct config *config, struct su_error *err)
{
	if (!config->database.conninfo)
		return su_fail(err, SU_INVALID, "database.conninfo", "must not be empty");
	if (!config->storage.directory || config->storage.directory[0] != '/')
		return su_fail(err, SU_INVALID, "storage.directory", "must be an absolute path");
	if (!config->http.certificate != !config->http.key)
		return su_fail(err, SU_INVALID, config->http.key ? "http.certificate" : "http.key",
			"certificate and key are given both or not at all");
	if (config->http.listen.n + config->coap.listen.n + config->coap.listen_secure.n == 0)
		return su_fail(err, SU_INVALID, "http.listen", "there is no listener at all");
	return SU_OK;
}

enum su_status config_parse(
	const char *name, const char *text, struct config **out, struct su_error *err)
{
	struct config *config su_auto(config_free) = su_new(struct config);
	config->arena = su_arena_new();
	bool *given su_auto(su_free_ptr) = su_new_array(config_schema_len, sizeof(*given));
	take_defaults(config);
	struct reader reader = { .config = config, .given = given };
	SU_TRY(read_text(&reader, name, text, err));
	SU_TRY(check_together(config, err));
	*out = config;
	config = NULL;
	return SU_OK;
}

enum su_status config_load(const char *path, struct config **out, struct su_error *err)
{
	struct su_buf text su_auto(su_buf_free) = { 0 };
	SU_TRY(small_file_read(path, MAX_FILE_BYTES, &text, err));
	if (strlen(su_buf_str(&text)) != text.len)
		return su_fail(err, SU_INVALID, "", "%s: is not a text file", path);
	return config_parse(path, su_buf_str(&text), out, err);
}

void config_free(struct config **config)
{
	if (!config || !*config)
		return;
	su_arena_free(&(*config)->arena);
	free(*config);
	*config = NULL;
}

static void print_default(const struct config_option *option, struct su_buf *out)
{
	su_buf_printf(out, "# %s\n# Default: %s\n", option->help,
		*option->fallback ? option->fallback : "(empty)");
}

void config_print(const struct config *config, struct su_buf *out)
{
	const char *section = "";
	for (size_t i = 0; i < config_schema_len; i++) {
		const struct config_option *option = &config_schema[i];
		if (strcmp(section, option->section) != 0)
			su_buf_printf(out, "%s[%s]\n", i ? "\n" : "", option->section);
		section = option->section;
		print_default(option, out);
		su_buf_printf(out, "%s = ", option->key);
		config_value_format(option, const_member_of(config, option), out);
		su_buf_append_byte(out, '\n');
	}
}

void config_compare(
	const struct config *a, const struct config *b, config_differs_fn differs, void *arg)
{
	struct su_buf left = { 0 }, right = { 0 };
	for (size_t i = 0; i < config_schema_len; i++) {
		const struct config_option *option = &config_schema[i];
		su_buf_clear(&left);
		su_buf_clear(&right);
		config_value_format(option, const_member_of(a, option), &left);
		config_value_format(option, const_member_of(b, option), &right);
		if (su_span_equal(su_buf_span(&left), su_buf_span(&right)))
			continue;
		char *name su_auto(su_free_ptr) = su_printf("%s.%s", option->section, option->key);
		differs(arg, name, option->may_reload);
	}
	su_buf_free(&left);
	su_buf_free(&right);
}
