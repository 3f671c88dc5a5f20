/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured log: a constant message and typed fields. To the journal when stderr is connected to
 * it, else one line of key=value on stderr. Only tracker/ and above log; lower layers fill
 * struct su_error. Never log secrets or whole manifests.
 */
#pragma once

#include <stdint.h>

#include "base/span.h"

enum su_log_level { SU_LOG_ERROR, SU_LOG_WARNING, SU_LOG_INFO, SU_LOG_DEBUG };

struct su_log_field {
	const char *key; /* lower_snake_case */
	enum { SU_LOG_FIELD_STR, SU_LOG_FIELD_INT } kind;
	const char *str;
	int64_t num;
};

#define SU_STR(key_, value_)                                                                       \
	((struct su_log_field){ .key = (key_), .kind = SU_LOG_FIELD_STR, .str = (value_) })
#define SU_INT(key_, value_)                                                                       \
	((struct su_log_field){ .key = (key_), .kind = SU_LOG_FIELD_INT, .num = (value_) })

/* su_log(SU_LOG_INFO, "manifest stored", SU_STR("digest", text), SU_INT("bytes", n)); */
#define su_log(level_, ...) SU_LOG_PICK_(level_, __VA_ARGS__, SU_LOG_END_)
#define SU_LOG_END_         ((struct su_log_field){ .key = NULL })
#define SU_LOG_PICK_(level_, message_, ...)                                                        \
	su_log_fields((level_), (message_), (const struct su_log_field[]){ __VA_ARGS__ })

/* fields ends with a row whose key is NULL. */
void su_log_fields(enum su_log_level level, const char *message, const struct su_log_field *fields);

/* The line that stderr gets, without its newline. A string that is NULL leaves its field out. */
void su_log_format(struct su_buf *line, int64_t wall_ms, enum su_log_level level,
	const char *message, const struct su_log_field *fields);

void su_log_set_level(enum su_log_level level); /* default SU_LOG_INFO; safe from any thread */
