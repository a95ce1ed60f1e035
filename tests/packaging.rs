//! What packagers are given: what the program tells of itself.

use super::house::manual::popget;

#[test]
fn the_version_comes_first_then_what_is_built_in() {
    for option in ["--version", "-V"] {
        let told = popget(&[option]);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 3, "{told}");
        assert_eq!(lines[0], concat!("popget ", env!("CARGO_PKG_VERSION")));
        let built = [
            ("gssapi", cfg!(feature = "gssapi")),
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
