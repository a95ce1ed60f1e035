//! `popget --version`: what this popget is made of, for packagers and those who report bugs.

use crate::error::{Error, ExitStatus};
use crate::net::tls_library;
use crate::report;

/// Prints the version, what was built in, and by what library TLS is spoken.
pub fn run() -> ExitStatus {
    let features = [
        ("gssapi", cfg!(feature = "gssapi")),
        ("https", cfg!(feature = "https")),
        ("idn", cfg!(feature = "idn")),
        ("openssl", cfg!(feature = "openssl")),
    ];
    let signed = features.map(|(name, built)| format!("{}{name}", if built { '+' } else { '-' }));
    let text = format!(
        "popget {}\nfeatures: {}\nTLS: {}\n",
        env!("CARGO_PKG_VERSION"),
        signed.join(" "),
        tls_library()
    );
    let printed = report::pour(text.as_bytes());
    printed.map_or_else(|error: Error| error.status(), |()| ExitStatus::Fine)
}
