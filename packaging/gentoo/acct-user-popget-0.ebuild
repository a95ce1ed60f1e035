# acct-user/popget/popget-0.ebuild: as whom the units of the system fetch.

EAPI=8

inherit acct-user

DESCRIPTION="Fetches mail with popget"
ACCT_USER_ID=-1
ACCT_USER_GROUPS=( popget )
ACCT_USER_HOME=/var/lib/popget

acct-user_add_deps
