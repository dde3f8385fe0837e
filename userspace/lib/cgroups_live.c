/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of cgroups, asked for as they are needed; the module has those that are gone, too. */
#include "cgroups.h"
#include "talk.h"

static int on_name(void *arg, const void *msg, size_t len)
{
	struct tcphs_cgroups *c = arg;
	struct tcphs_cgroup_name name;
	int err = tcphs_decode_cgroup(msg, len, &name);

	if (err)
		return err;
	if (name.number > c->last)
		c->last = name.number;
	return tcphs_cgroups_add(c, name.id, name.path);
}

static int dump(struct tcphs_cgroups *c, struct tcphs_error *err)
{
	struct nlmsghdr *nlh;
	char buf[256];

	if (!c->session)
		c->session = tcphs_open(err);
	if (!c->session)
		return -1;
	nlh = tcphs_put_dump(c->session, buf, TCPHS_CMD_CGROUP_GET);
	if (c->all_netns)
		mnl_attr_put(nlh, TCPHS_A_CGROUP_ALL_NETNS, 0, NULL);
	if (c->last)
		mnl_attr_put_u64(nlh, TCPHS_A_CGROUP_AFTER, c->last);
	if (!tcphs_talk(c->session, nlh, on_name, c, err))
		return 0;
	tcphs_close(c->session);
	c->session = NULL;
	return -1;
}

/* Those that the module has got to know since. Did it answer? */
static bool ask(struct tcphs_cgroups *c)
{
	bool old = c->session;
	struct tcphs_error err;

	while (dump(c, &err)) {
		/* Who may not see others sees his own; one that is loaded anew has another family. */
		if (err.code == TCPHS_ERR_PERMISSION && c->all_netns)
			c->all_netns = false;
		else if (old)
			old = false;
		else
			return false;
	}
	return true;
}

static void stop(struct tcphs_cgroups *c)
{
	tcphs_close(c->session);
}

/**
 * tcphs_cgroups_live - the module is asked for those that are met and not known
 * @c: all
 * @all_netns: for those of every network namespace
 */
void tcphs_cgroups_live(struct tcphs_cgroups *c, bool all_netns)
{
	c->ask = ask;
	c->stop = stop;
	c->all_netns = all_netns;
}
