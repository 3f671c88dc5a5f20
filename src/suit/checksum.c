/* SPDX-License-Identifier: Apache-2.0 */
/* Message digests of OpenSSL by name. */
#include "suit/checksum.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct checksum {
	EVP_MD_CTX *context;
};

enum su_status checksum_new(const char *name, struct checksum **out, struct su_error *err)
{
	const EVP_MD *algorithm = NULL;
	*out = NULL;
	if (!strcmp(name, "sha1"))
		algorithm = EVP_sha1();
	else if (!strcmp(name, "sha256"))
		algorithm = EVP_sha256();
	if (!algorithm)
		return su_fail(
			err, SU_UNSUPPORTED, "", "checksums are sha1 or sha256, not %.20s", name);
	struct checksum *checksum = su_new(struct checksum);
	checksum->context = EVP_MD_CTX_new();
	if (!checksum->context || !EVP_DigestInit_ex2(checksum->context, algorithm, NULL)) {
		checksum_free(&checksum);
		return su_fail(err, SU_BUG, "", "%s is not available", name);
	}
	*out = checksum;
	return SU_OK;
}

void checksum_update(struct checksum *checksum, struct su_span bytes)
{
	if (!EVP_DigestUpdate(checksum->context, bytes.data, bytes.len))
		abort();
}

bool checksum_matches(struct checksum *checksum, struct su_span expected)
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (!EVP_DigestFinal_ex(checksum->context, sum, &len))
		abort();
	return su_span_equal(su_span_of(sum, len), expected);
}

void checksum_free(struct checksum **checksum)
{
	if (!checksum || !*checksum)
		return;
	EVP_MD_CTX_free((*checksum)->context);
	free(*checksum);
	*checksum = NULL;
}
