/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in PEM, JWK and DER: what is accepted can be written, and reads the same again. */
#include "base/arena.h"
#include "base/memory.h"
#include "fuzz_check.h"
#include "suit/key.h"

typedef enum su_status (*reader)(struct su_span input, struct key **out, struct su_error *err);

static void try_written(const struct key *key)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct key *from_der su_auto(key_free) = NULL;
	struct key *from_pem su_auto(key_free) = NULL;
	uint8_t thumbprint[32];
	struct su_span der = key_spki(arena, key);

	require(key_from_spki(der, &from_der, NULL) == SU_OK);
	require(su_span_equal(key_spki(arena, from_der), der));
	char *pem = key_is_private(key) ? key_private_pem(arena, key) : key_public_pem(arena, key);
	require(pem && key_from_pem(su_span_str(pem), &from_pem, NULL) == SU_OK);
	require(su_span_equal(key_spki(arena, from_pem), der));
	require(key_type_of(from_pem) == key_type_of(key));
	require(key_is_private(from_pem) == key_is_private(key));
	require(key_thumbprint(key, thumbprint, NULL) == SU_OK);
	(void)key_is_published_example(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const reader readers[] = { key_from_pem, key_from_jwk, key_from_spki };

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		struct key *key su_auto(key_free) = NULL;
		struct su_error err = { 0 };
		enum su_status status = readers[i](su_span_of(data, size), &key, &err);
		require_told(status, &err);
		require((status == SU_OK) == (key != NULL));
		if (key)
			try_written(key);
	}
	return 0;
}
