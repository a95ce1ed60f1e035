//! What packagers are given: what the program tells of itself, what `make install` installs, units
//! for systemd, examples. The recipes are checked by packaging/check, which takes longer.

mod examples;
mod installed;
mod units;

use super::house::manual::popget;
use std::path::Path;
use std::process::Command;

/// The top of the source tree.
fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a program and gives what it printed on both outputs; it must succeed.
#[track_caller]
fn told(command: &mut Command) -> String {
    let ran = command.output();
    let ran = ran.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [ran.stdout, ran.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(ran.status.success(), "{command:?}: {}\n{said}", ran.status);
    said
}

/// Installs what was built for this test below a folder, as if it were the root.
fn install(root: &Path, variables: &[&str]) {
    let program = concat!("BINARY=", env!("CARGO_BIN_EXE_popget"));
    let variables = [variables, &[program]].concat();
    told(&mut make("install", root, &variables));
}

/// What makes a target of the Makefile below a folder.
fn make(target: &str, root: &Path, variables: &[&str]) -> Command {
    let destination = format!("DESTDIR={}", root.display());
    let mut make = Command::new("make");
    make.args(["-f", "packaging/Makefile", target])
        .arg(destination)
        .args(variables)
        .current_dir(top());
    // What a make that runs the tests would pass on is not meant for this one.
    for variable in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"] {
        make.env_remove(variable);
    }
    make
}

#[test]
fn the_version_comes_first_then_what_is_built_in() {
    for option in ["--version", "-V"] {
        let told = popget(&[option]);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 3, "{told}");
        assert_eq!(lines[0], concat!("popget ", env!("CARGO_PKG_VERSION")));
        let built = [
            ("gssapi", cfg!(feature = "gssapi")),
            ("https", cfg!(feature = "https")),
            ("idn", cfg!(feature = "idn")),
            ("openssl", cfg!(feature = "openssl")),
        ];
        let sign = |built| if built { '+' } else { '-' };
        let signed = built.map(|(name, built)| format!("{}{name}", sign(built)));
        assert_eq!(lines[1], format!("features: {}", signed.join(" ")));
        assert!(lines[2].starts_with("TLS: OpenSSL"), "{told}");
        // With its number, where what is beneath native-tls is known.
        let number = lines[2].contains(|letter: char| letter.is_ascii_digit());
        assert_eq!(number, cfg!(feature = "openssl"), "{told}");
    }
}
