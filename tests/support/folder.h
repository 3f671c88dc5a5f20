/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that tests make, and leave nothing of. */
#pragma once

/* With all that is in it. */
void folder_remove(const char *path);
