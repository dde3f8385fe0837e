// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/* The parameters that make things go wrong; see fault.h. */
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>
#include "attach/fault.h"
#include "attach/hook.h"

static unsigned int fail_step;
module_param(fail_step, uint, 0);
MODULE_PARM_DESC(fail_step, "refuse to load at this step, counted from 1 (default 0: none)");

static bool log_steps;
module_param(log_steps, bool, 0);
MODULE_PARM_DESC(log_steps, "log each step of loading and unloading (default N)");

static unsigned int ring_records;
module_param(ring_records, uint, 0);
MODULE_PARM_DESC(ring_records, "records a CPU, instead of ring_mib (default 0: no)");

static unsigned int kept_records;
module_param(kept_records, uint, 0);
MODULE_PARM_DESC(kept_records, "records of what went wrong a CPU, instead of kept_mib (default 0: no)");

static char *deaf;
module_param(deaf, charp, 0400);
MODULE_PARM_DESC(deaf, "a hook that is attached and not listened to");

static char *missing;
module_param(missing, charp, 0400);
MODULE_PARM_DESC(missing, "a hook of a function that can't be hooked");

static char *shifted;
module_param(shifted, charp, 0400);
MODULE_PARM_DESC(shifted, "a hook of a function whose arguments come one later");

static bool is(const struct tcphs_hook *hook, const char *name)
{
	return name && !strcmp(hook->name, name);
}

static int check_hook(const char *parameter, const char *name)
{
	unsigned int table = 0, row = 0;
	struct tcphs_hook *hook;

	if (!name)
		return 0;
	while ((hook = tcphs_hook_next(&table, &row)))
		if (is(hook, name))
			return 0;
	pr_err("%s=%s refused: there is no such hook\n", parameter, name);
	return -EINVAL;
}

/**
 * tcphs_fault_records() - stores that are full soon
 * @ring: records a CPU
 * @kept: of the kept store
 *
 * Context: process.
 */
void tcphs_fault_records(unsigned int *ring, unsigned int *kept)
{
	*ring = ring_records ?: *ring;
	*kept = kept_records ?: *kept;
}

/**
 * tcphs_fault_check() - are the parameters any good
 * @steps: of loading
 *
 * Context: process.
 * Return: 0, or -EINVAL after saying why.
 */
int tcphs_fault_check(unsigned int steps)
{
	if (fail_step > steps) {
		pr_err("fail_step=%u refused: 0 to %u is needed\n", fail_step, steps);
		return -EINVAL;
	}
	return check_hook("deaf", deaf) ?: check_hook("missing", missing) ?:
	       check_hook("shifted", shifted);
}

/**
 * tcphs_fault_step() - shall this step of loading fail
 * @step: counted from 1
 *
 * Context: process.
 */
bool tcphs_fault_step(unsigned int step)
{
	return step == fail_step;
}

/**
 * tcphs_fault_ran() - a step of loading or unloading has been done
 * @step: counted from 1
 * @way: "init" or "exit"
 *
 * Context: process.
 */
void tcphs_fault_ran(unsigned int step, const char *way)
{
	if (log_steps)
		pr_info("step %u: %s\n", step, way);
}

/**
 * tcphs_fault_deaf() - shall this hook be attached and never fire
 * @hook: to be attached
 *
 * Context: process.
 */
bool tcphs_fault_deaf(const struct tcphs_hook *hook)
{
	return is(hook, deaf);
}

/**
 * tcphs_fault_missing() - shall the function of this hook be one that can't be hooked
 * @hook: to be attached
 *
 * Context: process.
 */
bool tcphs_fault_missing(const struct tcphs_hook *hook)
{
	return is(hook, missing);
}

/**
 * tcphs_fault_shift() - how many places later shall the arguments of a function come
 * @hook: on it
 *
 * Context: any.
 */
unsigned int tcphs_fault_shift(const struct tcphs_hook *hook)
{
	return is(hook, shifted);
}
