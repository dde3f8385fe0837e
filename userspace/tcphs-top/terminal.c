// SPDX-License-Identifier: GPL-2.0
/* A file of its own, for term.h has macros with names such as lines and columns. */
#include <curses.h>
#include <term.h>

#include "terminal.h"

/**
 * terminal_can_move - can the cursor be moved, after curses was started?
 *
 * A terminal that can't be told where to write shows lines one below the other, for ever.
 */
bool terminal_can_move(void)
{
	const char *move_to = tigetstr("cup");

	return move_to && move_to != (const char *)-1 && *move_to;
}
