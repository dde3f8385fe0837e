/* SPDX-License-Identifier: GPL-2.0 */
/* Dice that fall the same everywhere: Marsaglia's xorshift. */
#ifndef DRAW_H
#define DRAW_H

#include <stdint.h>

static uint32_t draw_state;

/* Any seed will do; the generator itself cannot leave 0. */
static inline void draw_seed(uint32_t seed)
{
	draw_state = seed * 2654435761u | 1;
}

static inline uint32_t draw_bits(void)
{
	draw_state ^= draw_state << 13;
	draw_state ^= draw_state >> 17;
	draw_state ^= draw_state << 5;
	return draw_state;
}

static inline uint32_t draw(uint32_t below)
{
	return draw_bits() % below;
}

#endif /* DRAW_H */
