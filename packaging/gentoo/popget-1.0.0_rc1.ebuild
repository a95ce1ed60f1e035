# Copyright 2026 Gentoo Authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

# Crates are in a tarball of their own; pycargoebuild -c makes it from Cargo.lock.
CRATES=""
RUST_MIN_VER="1.85.0"

inherit cargo shell-completion systemd

MY_PV="${PV/_rc/-rc.}"
DESCRIPTION="Fetcher of mail from POP servers that loses nothing"
HOMEPAGE="https://crates.io/crates/popget"
SRC_URI="
	https://static.crates.io/crates/popget/popget-${MY_PV}.crate -> popget-${MY_PV}.crate.tar.gz
	https://dev.gentoo.org/~maintainer/distfiles/popget-${MY_PV}-crates.tar.xz
"
S="${WORKDIR}/popget-${MY_PV}"

LICENSE="|| ( MIT Apache-2.0 )"
# Dependent crate licenses
LICENSE+=" Apache-2.0 BSD ISC MIT Unicode-3.0"
SLOT="0"
KEYWORDS="~amd64 ~arm64"
IUSE="+https +idn kerberos +openssl"

DEPEND="dev-libs/openssl:="
RDEPEND="
	${DEPEND}
	acct-group/popget
	acct-user/popget
	app-misc/ca-certificates
	kerberos? ( virtual/krb5 )
"
BDEPEND="virtual/pkgconfig"

QA_FLAGS_IGNORED="usr/bin/popget"

src_configure() {
	local myfeatures=(
		$(usev https)
		$(usev idn)
		$(usev openssl)
		$(usev kerberos gssapi)
	)
	cargo_src_configure --no-default-features
}

# Most tests want servers.
src_test() {
	cargo_src_test --lib
}

src_install() {
	cargo_src_install

	doman man/popget.1 man/popget-import.1 man/popget.yaml.5
	insinto /usr/share/popget
	doins packaging/schema/events.schema.json
	newbashcomp completions/popget.bash popget
	dozshcomp completions/_popget
	dofishcomp completions/popget.fish
	dodoc README.md CHANGELOG.md packaging/SYSTEM.md
	docinto examples
	dodoc packaging/examples/* packaging/systemd/examples/* packaging/cluster/*

	sed -i 's|/usr/local/bin/popget|/usr/bin/popget|' packaging/systemd/*/*.service || die
	systemd_dounit packaging/systemd/system/*
	systemd_douserunit packaging/systemd/user/*
}
