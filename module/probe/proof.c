// SPDX-License-Identifier: GPL-2.0
/* What a connection proves of a hook that should have fired before (attach/deaf.c). */
#include "attach/deaf.h"
#include "probe/probe.h"
#include "table/refused.h"

/**
 * tcphs_proof_deaf() - a step shows that a hook should have fired and did not
 * @name: of the hook
 * @cookie: of the socket that shows it; if it was refused an entry, it shows nothing
 * @since: when the connection began, ns; or now, if that is not known
 *
 * Context: any.
 */
void tcphs_proof_deaf(const char *name, u64 cookie, u64 since)
{
	if (!tcphs_refused_maybe(cookie))
		tcphs_deaf_proved(name, since);
}
