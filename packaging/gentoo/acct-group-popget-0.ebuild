# acct-group/popget/popget-0.ebuild: the group of acct-user/popget.

EAPI=8

inherit acct-group

ACCT_GROUP_ID=-1
