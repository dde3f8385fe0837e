// SPDX-License-Identifier: GPL-2.0
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "compat/symbols.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)

struct function {
	char name[KSYM_SYMBOL_LEN];
	unsigned long begin, end;
};

/* Return: false, in no function of the kernel itself is this address. */
static bool function_of(struct function *function, unsigned long address)
{
	unsigned long offset, size;
	char *plus;

	/* NAME+0xOFFSET/0xSIZE, or the address where there is nothing. */
	sprint_symbol(function->name, address);
	plus = strrchr(function->name, '+');
	if (!plus || strchr(plus, '[') || sscanf(plus, "+%lx/%lx", &offset, &size) != 2 ||
	    offset >= size)
		return false;
	*plus = '\0';
	function->begin = address - offset;
	function->end = function->begin + size;
	return true;
}

/**
 * tcphs_each_function() - go over the kernel's functions, each once
 * @from: an address in one of them
 * @see: called with the name and the address of each; of several names of one address it
 *	is one
 *
 * Those of modules are not among them.
 *
 * Context: process, may sleep.
 */
void tcphs_each_function(unsigned long from,
			 void (*see)(const char *name, unsigned long address))
{
	unsigned long address = from;
	struct function function;

	while (function_of(&function, address) && strcmp(function.name, "_etext")) {
		see(function.name, function.begin);
		address = function.end;
		cond_resched();
	}
	if (!function_of(&function, from))
		return;
	address = function.begin - 1;
	while (function_of(&function, address)) {
		see(function.name, function.begin);
		address = function.begin - 1;
		cond_resched();
	}
}

#endif
