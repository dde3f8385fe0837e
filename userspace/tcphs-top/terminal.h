/* SPDX-License-Identifier: GPL-2.0 */
/* What the terminal can do, as terminfo has it. */
#ifndef TOP_TERMINAL_H
#define TOP_TERMINAL_H

#include <stdbool.h>

bool terminal_can_move(void);

#endif /* TOP_TERMINAL_H */
