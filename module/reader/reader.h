/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of this folder offer to each other, and to main.c. */
#ifndef _TCPHS_READER_H
#define _TCPHS_READER_H

#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/types.h>
#include <net/netlink.h>

struct genl_family;
struct tcphs_histogram;
struct tcphs_net;
struct tcphs_sum;

/* netlink.c, dump.c */

/* Room for a status: histograms of 1 KiB each, hooks, and every cause that ever was. */
#define TCPHS_STATUS_SIZE	32768U

extern struct genl_family tcphs_genl_family;
extern const struct nla_policy tcphs_nl_cursor_policy[];
extern const struct nla_policy tcphs_nl_event_policy[];

int tcphs_netlink_init(void);
void tcphs_netlink_exit(void);
int tcphs_nl_check_flags(const struct nlmsghdr *nlh, struct netlink_ext_ack *extack);
int tcphs_nl_put_hist(struct sk_buff *skb, int attr, u8 id, const struct tcphs_histogram *hist);
int tcphs_nl_fill_status(struct sk_buff *skb, const struct tcphs_net *tn, struct tcphs_sum *sum);
int tcphs_dump_status_start(struct netlink_callback *cb);
int tcphs_dump_status(struct sk_buff *skb, struct netlink_callback *cb);
int tcphs_dump_listeners_start(struct netlink_callback *cb);
int tcphs_dump_listeners(struct sk_buff *skb, struct netlink_callback *cb);
int tcphs_dump_conns_start(struct netlink_callback *cb);
int tcphs_dump_conns(struct sk_buff *skb, struct netlink_callback *cb);
int tcphs_dump_cgroups_start(struct netlink_callback *cb);
int tcphs_dump_cgroups(struct sk_buff *skb, struct netlink_callback *cb);
int tcphs_dump_events_start(struct netlink_callback *cb);
int tcphs_dump_events(struct sk_buff *skb, struct netlink_callback *cb);
int tcphs_dump_done(struct netlink_callback *cb);

/* procfs.c, procfs_events.c, procfs_records.c */

void *tcphs_procfs_open(struct file *file, const struct seq_operations *seq_ops, size_t size);
int tcphs_procfs_release(struct inode *inode, struct file *file);
int tcphs_procfs_init(void);
void tcphs_procfs_exit(void);
int tcphs_procfs_events_init(void);
void tcphs_procfs_events_exit(void);
int tcphs_procfs_records_init(void);
void tcphs_procfs_records_exit(void);

#endif /* _TCPHS_READER_H */
