// SPDX-License-Identifier: GPL-2.0
/*
 * The doorbell: notifies readers that wait that there is something to pull.
 *
 * A reader's EVENT_GET arms it; the first record after that disarms it and
 * pulls an irq_work, the only thing that may be started from under a raw lock
 * on every kernel; that queues the work which, TCPHS_BELL_MSEC later, has one
 * multicast message sent. So a record costs one load as long as nobody waits, and
 * readers are woken at most 50 times a second.
 *
 * Between the record and that load there is no barrier, for every record would pay for it.
 * So a CPU may look at the bell before others see its record, and a reader that arms it just
 * then sees neither: the next record rings, or the second is over after which a reader looks
 * without (TCPHS_CMD_EVENT_NTF). x86 does that too, with what it stores.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/tcphs.h>
#include "store/bell.h"

/* For readers of every namespace, in the initial one. */
struct tcphs_bell tcphs_bell_all;

static DEFINE_MUTEX(ringing);
static int (*notify)(struct net *net);	/* NULL: nobody can be notified */

static void ring(struct work_struct *work)
{
	struct tcphs_bell *bell = container_of(to_delayed_work(work), struct tcphs_bell, ring);

	mutex_lock(&ringing);
	if (notify && notify(bell->net))
		schedule_delayed_work(&bell->ring, msecs_to_jiffies(TCPHS_BELL_MSEC));
	mutex_unlock(&ringing);
}

static void pulled(struct irq_work *iw)
{
	struct tcphs_bell *bell = container_of(iw, struct tcphs_bell, pull);

	schedule_delayed_work(&bell->ring, msecs_to_jiffies(TCPHS_BELL_MSEC));
}

/**
 * tcphs_bell_init() - hang a doorbell
 * @bell: to set up
 * @net: namespace whose readers it wakes
 *
 * Context: any.
 */
void tcphs_bell_init(struct tcphs_bell *bell, struct net *net)
{
	bell->armed = 0;
	bell->net = net;
	init_irq_work(&bell->pull, pulled);
	INIT_DELAYED_WORK(&bell->ring, ring);
}

/**
 * tcphs_bell_pull() - there is a record for a reader that waits
 * @bell: that may have been armed
 *
 * Context: any.
 */
void tcphs_bell_pull(struct tcphs_bell *bell)
{
	if (xchg(&bell->armed, 0))
		irq_work_queue(&bell->pull);
}

/**
 * tcphs_bell_answer() - who sends the message of a doorbell
 * @fn: sends it to the readers of a namespace, in process context; when it has failed it is
 *	asked again. NULL: no doorbell rings any more, and none is when this returns
 *
 * Records go on being written while whoever sends it goes.
 *
 * Context: process, may sleep.
 */
void tcphs_bell_answer(int (*fn)(struct net *net))
{
	mutex_lock(&ringing);
	notify = fn;
	mutex_unlock(&ringing);
}

/**
 * tcphs_bell_exit() - take it down
 * @bell: nobody arms it and no record is written any more
 *
 * Context: process, may sleep.
 */
void tcphs_bell_exit(struct tcphs_bell *bell)
{
	WRITE_ONCE(bell->armed, 0);
	irq_work_sync(&bell->pull);
	cancel_delayed_work_sync(&bell->ring);
}
