/* SPDX-License-Identifier: Apache-2.0 */
/* Finds or makes the credential key. */
#include "daemon/credential_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/uuid.h"
#include "daemon/small_file.h"

#define MAX_FILE_BYTES 4096
#define KEY_BYTES      32

static enum su_status load(const char *path, struct credential_key **out, struct su_error *err)
{
	struct su_buf contents su_auto(su_buf_free) = { 0 };
	enum su_status status = small_file_read(path, MAX_FILE_BYTES, &contents, err);
	if (status == SU_OK) {
		status = credential_key_new(su_buf_span(&contents), out, err);
		if (status != SU_OK)
			su_error_prefix(err, "%s", path);
	}
	if (contents.len > 0)
		explicit_bzero(contents.data, contents.len);
	return status;
}

static bool write_whole(int fd, const char *text, size_t len)
{
	return write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
}

/* Another suitd may make it at the same moment: the first name counts, and has its contents. */
static enum su_status make(const char *path, struct su_error *err)
{
	uint8_t key[KEY_BYTES];
	char text[2 * KEY_BYTES + 2];
	su_random_bytes(key, sizeof(key));
	su_hex_encode(su_span_of(key, sizeof(key)), text);
	memcpy(text + 2 * KEY_BYTES, "\n", 2);

	char *draft su_auto(su_free_ptr) = su_printf("%s.XXXXXX", path);
	int fd su_auto(su_close_fd) = mkostemp(draft, O_CLOEXEC);
	bool made = fd >= 0 && write_whole(fd, text, strlen(text)) &&
		    (link(draft, path) == 0 || errno == EEXIST);
	int why = errno;
	if (fd >= 0)
		unlink(draft);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	return made ? SU_OK : su_fail(err, SU_IO, "", "%s: %s", path, strerror(why));
}

enum su_status credential_file_load(
	const struct config *config, struct credential_key **out, struct su_error *err)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	if (credentials) {
		char *path su_auto(su_free_ptr) = su_printf("%s/credential-key", credentials);
		if (access(path, F_OK) == 0)
			return load(path, out, err);
	}
	if (config->security.credential_key_file)
		return load(config->security.credential_key_file, out, err);
	char *path su_auto(su_free_ptr) = su_printf("%s/credential.key", config->storage.directory);
	enum su_status status = load(path, out, err);
	if (status != SU_NOT_FOUND)
		return status;
	SU_TRY(make(path, err));
	return load(path, out, err);
}
