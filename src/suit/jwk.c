/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the members of a JWK apart, strictly, and builds a public key from them. */
#include "suit/jwk.h"

#include <string.h>

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "base/arena.h"
#include "base/hex.h"
#include "base/memory.h"
#include "suit/key_handle.h"

static const struct curve {
	const char *kty, *crv;
	enum key_type type;
} curves[] = {
	{ "EC", "P-256", KEY_P256 },
	{ "EC", "P-384", KEY_P384 },
	{ "EC", "P-521", KEY_P521 },
	{ "OKP", "Ed25519", KEY_ED25519 },
};

static void free_json(json_t **json)
{
	json_decref(*json);
}

static enum su_status get_string(
	const json_t *jwk, const char *name, const char **out, struct su_error *err)
{
	*out = json_string_value(json_object_get(jwk, name));
	if (!*out)
		return su_fail(err, SU_INVALID, name, "the JWK has no text member \"%s\"", name);
	return SU_OK;
}

static enum su_status find_curve(const json_t *jwk, const struct curve **out, struct su_error *err)
{
	const char *kty, *crv;

	SU_TRY(get_string(jwk, "kty", &kty, err));
	if (strcmp(kty, "EC") != 0 && strcmp(kty, "OKP") != 0)
		return su_fail(err, SU_UNSUPPORTED, "kty",
			"keys of type \"%.32s\" are not supported, only EC and OKP", kty);
	SU_TRY(get_string(jwk, "crv", &crv, err));
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(curves[i].kty, kty) == 0 && strcmp(curves[i].crv, crv) == 0) {
			*out = &curves[i];
			return SU_OK;
		}
	}
	return su_fail(err, SU_UNSUPPORTED, "crv",
		"the curve \"%.32s\" is not supported, only P-256, P-384, P-521 and Ed25519", crv);
}

/* Coordinates have the full length of the field, leading zeros included (RFC 7518 section 6.2.1). */
static enum su_status append_coordinate(
	const json_t *jwk, const char *name, size_t len, struct su_buf *out, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_span bytes;
	const char *text;

	SU_TRY(get_string(jwk, name, &text, err));
	if (su_base64url_decode(arena, su_span_str(text), &bytes, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, name, "\"%s\" is not base64url", name);
	if (bytes.len != len)
		return su_fail(err, SU_INVALID, name, "\"%s\" has %zu bytes, not %zu", name,
			bytes.len, len);
	su_buf_append_span(out, bytes);
	return SU_OK;
}

static EVP_PKEY *build_ec(const char *group, struct su_span point)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

	if (!builder || !ctx)
		goto out;
	if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
		OSSL_PARAM_BLD_push_octet_string(
			builder, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len) != 1)
		goto out;
	params = OSSL_PARAM_BLD_to_param(builder);
	if (params && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static enum su_status build_key(
	const json_t *jwk, const struct curve *curve, EVP_PKEY **out, struct su_error *err)
{
	struct su_buf bytes su_auto(su_buf_free) = { 0 };
	size_t len = key_handle_coordinate_len(curve->type);
	const char *group = key_handle_group(curve->type);

	if (group)
		su_buf_append_byte(&bytes, POINT_CONVERSION_UNCOMPRESSED);
	SU_TRY(append_coordinate(jwk, "x", len, &bytes, err));
	if (group)
		SU_TRY(append_coordinate(jwk, "y", len, &bytes, err));
	*out = group ? build_ec(group, su_buf_span(&bytes))
		     : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes.data, bytes.len);
	if (!*out)
		return key_handle_fail(err, SU_INVALID, "the JWK is no key on its curve");
	return SU_OK;
}

enum su_status jwk_read_public(struct su_span json, EVP_PKEY **out, struct su_error *err)
{
	json_error_t where;
	const struct curve *curve = NULL;
	json_t *jwk su_auto(free_json) =
		json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &where);

	*out = NULL;
	if (!jwk)
		return su_fail(err, SU_INVALID, "", "not JSON: line %d, column %d: %s", where.line,
			where.column, where.text);
	if (!json_is_object(jwk))
		return su_fail(err, SU_INVALID, "", "a JWK is a JSON object");
	if (json_object_get(jwk, "keys"))
		return su_fail(err, SU_INVALID, "keys", "this is a set of keys; give one of them");
	if (json_object_get(jwk, "d"))
		return su_fail(err, SU_INVALID, "d",
			"this is a private key: give only its public members, and keep it secret");
	SU_TRY(find_curve(jwk, &curve, err));
	return build_key(jwk, curve, out, err);
}
