// SPDX-License-Identifier: GPL-2.0
/* A file of its own, for term.h has macros with names such as lines, columns and tone. */
#include <curses.h>
#include <term.h>

#include "terminfo.h"

/**
 * terminfo_can_move - can the cursor be moved, after curses was started?
 *
 * A terminal whose cursor can't be moved shows lines one below the other, for ever.
 */
bool terminfo_can_move(void)
{
	const char *move_to = tigetstr("cup");

	return move_to && move_to != (const char *)-1 && *move_to;
}
