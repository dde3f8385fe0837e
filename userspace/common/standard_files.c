/* SPDX-License-Identifier: GPL-2.0 */
/* Standard input, output and error, which whoever starts a tool may have closed. */
#include <fcntl.h>
#include <unistd.h>

#include "output.h"

/**
 * tcphs_keep_standard_files - that nothing else becomes one of them; before anything is opened
 *
 * Where one of the first three is closed, the next file or socket that is opened would take its
 * place, and messages would end up in it. This way they fail as they should.
 */
void tcphs_keep_standard_files(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			return;
}
