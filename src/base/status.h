/* SPDX-License-Identifier: Apache-2.0 */
/* What a fallible function returns, and the message that goes with it. */
#pragma once

#include <stdarg.h>

#define SU_MUST_CHECK         __attribute__((warn_unused_result))
#define SU_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/*
 * Who is to blame and what the caller can do. One table in server/ maps these to HTTP and one to
 * CoAP, so a status says what happened, never how it is transported.
 */
enum su_status {
	SU_OK = 0,
	SU_INVALID,         /* the input breaks a rule; repeating it cannot help */
	SU_UNAUTHENTIC,     /* a signature, MAC or digest over submitted data does not hold */
	SU_UNAUTHENTICATED, /* the caller did not prove who it is */
	SU_DENIED,          /* the caller is known and may not do this */
	SU_NOT_FOUND,
	SU_CONFLICT,    /* collides with what is stored */
	SU_STALE,       /* If-Match named a version that is no longer current */
	SU_TOO_LARGE,   /* beyond a configured bound */
	SU_UNSUPPORTED, /* well-formed, but a format or algorithm we do not speak */
	SU_BUSY,        /* a limit on rate or number is reached: try later */
	SU_RETRY,       /* a resource is away (database): nothing happened, try later */
	SU_UNCERTAIN,   /* the connection broke during commit: it may or may not have happened */
	SU_FULL,        /* no room to store it, or storage is read-only: nothing happened */
	SU_IO,          /* the operating system refused */
	SU_BUG,         /* our own mistake */
};

/* Filled by the function that finds the fault; callers may put a prefix before the text. */
struct su_error {
	enum su_status status;
	char field[96]; /* the member, option or offset that is wrong, or "" */
	char text[256]; /* one sentence without full stop, fit for a user */
};

/* Fills err (NULL allowed) and returns status, so that a fault is reported in one statement. */
enum su_status su_fail(struct su_error *err, enum su_status status, const char *field,
	const char *fmt, ...) SU_PRINTF(4, 5);

#ifdef __clang_analyzer__
/* The analyzer sees one file at a time and would think that su_fail may return SU_OK. */
#define su_fail(err, status, ...) ((void)su_fail((err), (status), __VA_ARGS__), (status))
#endif

/* Puts "prefix: " before the text of err (NULL allowed). */
void su_error_prefix(struct su_error *err, const char *fmt, ...) SU_PRINTF(2, 3);

/* Puts "parent." before the field of err (NULL allowed). */
void su_error_within(struct su_error *err, const char *parent);

/* "invalid", "not-found", ...: for logs and problem documents. */
const char *su_status_name(enum su_status status);

/* Returns from the calling function unless expr is SU_OK. */
#define SU_TRY(expr)                                                                               \
	do {                                                                                       \
		enum su_status su_try_status_ = (expr);                                            \
		if (su_try_status_ != SU_OK)                                                       \
			return su_try_status_;                                                     \
	} while (0)
