/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that a command names: a PEM file, or a secret in hexadecimal. */
#pragma once

#include "suit/key.h"
#include "tools/cli.h"

/* From --key FILE or --hmac-key HEX of the command; exactly one must be given. */
enum su_status key_file_from_options(
	const struct cli *cli, struct key **out, struct su_error *err) SU_MUST_CHECK;
enum su_status key_file_read(struct su_arena *arena, const char *path, struct key **out,
	struct su_error *err) SU_MUST_CHECK;
/* A COSE algorithm by its name ("ES256"); key's usual one when name is NULL. */
enum su_status key_file_alg(
	const char *name, const struct key *key, int *alg_out, struct su_error *err) SU_MUST_CHECK;
