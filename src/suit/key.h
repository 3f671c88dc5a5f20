/* SPDX-License-Identifier: Apache-2.0 */
/* A public, private or symmetric key, read from PEM, JWK or DER. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

enum key_type { KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_HMAC };

#define KEY_MAX_INPUT_BYTES  16384 /* of a PEM, JWK or DER document */
#define KEY_MIN_SECRET_BYTES 16
#define KEY_MAX_SECRET_BYTES 1024

struct key;

/*
 * PEM of a public or private key (SubjectPublicKeyInfo, PKCS #8 or SEC 1); what stands around the
 * first key is ignored. Other key types are SU_UNSUPPORTED, an encrypted one SU_INVALID.
 */
enum su_status key_from_pem(
	struct su_span pem, struct key **out, struct su_error *err) SU_MUST_CHECK;
/* RFC 7517: EC (P-256, P-384, P-521) and OKP (Ed25519); a private member "d" is refused. */
enum su_status key_from_jwk(
	struct su_span json, struct key **out, struct su_error *err) SU_MUST_CHECK;
enum su_status key_from_spki(
	struct su_span der, struct key **out, struct su_error *err) SU_MUST_CHECK;
enum su_status key_from_secret(
	struct su_span secret, struct key **out, struct su_error *err) SU_MUST_CHECK;
enum su_status key_generate(
	enum key_type type, struct key **out, struct su_error *err) SU_MUST_CHECK;
void key_free(struct key **key);

enum key_type key_type_of(const struct key *key);
const char *key_type_name(enum key_type type); /* "P-256", ..., "Ed25519", "HMAC" */
bool key_is_private(const struct key *key);    /* it can sign; so can every secret */
/* DER, the public half; points are uncompressed, so that one key has one encoding. Empty: HMAC. */
struct su_span key_spki(struct su_arena *arena, const struct key *key);
/* SHA-256 COSE Key Thumbprint (RFC 9679). A secret has none: SU_UNSUPPORTED. */
enum su_status key_thumbprint(
	const struct key *key, uint8_t out[32], struct su_error *err) SU_MUST_CHECK;
char *key_public_pem(struct su_arena *arena, const struct key *key); /* NULL: HMAC */
char *key_private_pem(
	struct su_arena *arena, const struct key *key); /* NULL without private half */
/* Whether the private half stands printed in a specification, so that anybody can sign with it. */
bool key_is_published_example(const struct key *key);
