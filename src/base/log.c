/* SPDX-License-Identifier: Apache-2.0 */
/* Writes log entries: to the journal as fields, else as one line that no value can forge. */
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

#define MAX_JOURNAL_FIELDS 24
#define JOURNAL_KEY_PREFIX "SUITD_"

static const struct {
	const char *name;
	int priority; /* syslog(3) */
} levels[] = {
	[SU_LOG_ERROR] = { "error", LOG_ERR },
	[SU_LOG_WARNING] = { "warning", LOG_WARNING },
	[SU_LOG_INFO] = { "info", LOG_INFO },
	[SU_LOG_DEBUG] = { "debug", LOG_DEBUG },
};

static _Atomic int max_level = SU_LOG_INFO;
static pthread_once_t journal_once = PTHREAD_ONCE_INIT;
static bool to_journal;

void su_log_set_level(enum su_log_level level)
{
	atomic_store_explicit(&max_level, (int)level, memory_order_relaxed);
}

/* systemd.exec(5): $JOURNAL_STREAM holds device and inode of the stream it connected. */
static void find_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;
	if (!stream || sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) != 2)
		return;
	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	to_journal = (uintmax_t)st.st_dev == device && (uintmax_t)st.st_ino == inode;
}

static bool is_plain(struct su_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=')
			return false;
	}
	return text.len > 0;
}

static void append_escaped(struct su_buf *line, uint8_t byte)
{
	if (byte == '\n')
		su_buf_printf(line, "\\n");
	else if (byte == '\t')
		su_buf_printf(line, "\\t");
	else
		su_buf_printf(line, "\\x%02x", byte);
}

static void append_value(struct su_buf *line, const char *value)
{
	struct su_span rest = su_span_str(value);
	if (is_plain(rest)) {
		su_buf_append_span(line, rest);
		return;
	}
	su_buf_append_byte(line, '"');
	while (rest.len > 0) {
		uint32_t code_point = 0;
		size_t len = su_utf8_next(rest, &code_point);
		size_t taken = len ? len : 1;
		if (code_point == '"' || code_point == '\\')
			su_buf_append_byte(line, '\\');
		if (len > 0 && su_utf8_is_printable(code_point))
			su_buf_append(line, rest.data, len);
		else
			for (size_t i = 0; i < taken; i++)
				append_escaped(line, rest.data[i]);
		rest = su_span_of(rest.data + taken, rest.len - taken);
	}
	su_buf_append_byte(line, '"');
}

static void append_fields(struct su_buf *line, const struct su_log_field *fields)
{
	for (const struct su_log_field *field = fields; field->key; field++) {
		if (field->kind == SU_LOG_FIELD_INT)
			su_buf_printf(line, " %s=%" PRId64, field->key, field->num);
		if (field->kind == SU_LOG_FIELD_STR && field->str) {
			su_buf_printf(line, " %s=", field->key);
			append_value(line, field->str);
		}
	}
}

void su_log_format(struct su_buf *line, int64_t wall_ms, enum su_log_level level,
	const char *message, const struct su_log_field *fields)
{
	char time_text[SU_TIME_TEXT_SIZE];
	su_time_format(wall_ms, time_text);
	su_buf_printf(line, "time=%s level=%s msg=", time_text, levels[level].name);
	append_value(line, message);
	append_fields(line, fields);
}

/* One write(2) for the line: lines of several threads and processes do not mix. */
static void write_stderr(
	enum su_log_level level, const char *message, const struct su_log_field *fields)
{
	struct su_buf line = { 0 };
	su_log_format(&line, su_clock_wall_ms(), level, message, fields);
	su_buf_append_byte(&line, '\n');
	ssize_t ignored;
	do
		ignored = write(STDERR_FILENO, line.data, line.len);
	while (ignored < 0 && errno == EINTR);
	su_buf_free(&line);
}

static void append_journal_field(struct su_buf *out, const struct su_log_field *field)
{
	su_buf_printf(out, JOURNAL_KEY_PREFIX);
	for (const char *c = field->key; *c; c++)
		su_buf_append_byte(out, (uint8_t)toupper((unsigned char)*c));
	if (field->kind == SU_LOG_FIELD_INT)
		su_buf_printf(out, "=%" PRId64, field->num);
	else
		su_buf_printf(out, "=%s", field->str ? field->str : "");
}

/* The message carries the fields too, because that is all that a plain journalctl shows. */
static bool write_journal(
	enum su_log_level level, const char *message, const struct su_log_field *fields)
{
	struct su_buf parts[MAX_JOURNAL_FIELDS] = { 0 };
	struct iovec iov[MAX_JOURNAL_FIELDS];
	int n = 2;
	su_buf_printf(&parts[0], "PRIORITY=%d", levels[level].priority);
	su_buf_printf(&parts[1], "MESSAGE=%s", message);
	append_fields(&parts[1], fields);
	for (const struct su_log_field *field = fields; field->key && n < MAX_JOURNAL_FIELDS;
		field++)
		append_journal_field(&parts[n++], field);
	for (int i = 0; i < n; i++)
		iov[i] = (struct iovec){ parts[i].data, parts[i].len };
	bool sent = sd_journal_sendv(iov, n) == 0;
	for (int i = 0; i < n; i++)
		su_buf_free(&parts[i]);
	return sent;
}

void su_log_fields(enum su_log_level level, const char *message, const struct su_log_field *fields)
{
	if ((int)level > atomic_load_explicit(&max_level, memory_order_relaxed))
		return;
	pthread_once(&journal_once, find_journal);
	if (to_journal && write_journal(level, message, fields))
		return;
	write_stderr(level, message, fields);
}
