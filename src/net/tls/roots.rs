//! Where the system keeps the certificates that everybody trusts. Most have them twice: all in one
//! file, and in a folder in which each is found by the hash of its subject. Reading the file takes
//! many times as long as the whole handshake, and one or none of its certificates is needed.

use memchr::memmem;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The folder, if it holds all that the file does. None, where the user has named
/// a file, or a folder that is not there.
pub fn hashed() -> Option<&'static Path> {
    static FOLDER: LazyLock<Option<PathBuf>> = LazyLock::new(find);
    FOLDER.as_deref()
}

fn find() -> Option<PathBuf> {
    let there = openssl_probe::probe();
    let folder = there.cert_dir.into_iter().next()?;
    let named = std::env::var_os("SSL_CERT_DIR");
    if std::env::var_os("SSL_CERT_FILE").is_some() || named.is_some_and(|named| named != folder) {
        return None;
    }
    let of_file = there.cert_file.map_or(0, |file| certificates(&file));
    let of_folder = hashes(&folder);
    (of_folder > 0 && of_folder >= of_file).then_some(folder)
}

/// How many certificates a file of them holds; more than any folder does, if that cannot be told.
fn certificates(file: &Path) -> usize {
    let Ok(text) = std::fs::read(file) else {
        return usize::MAX;
    };
    memmem::find_iter(&text, "\n-----END ").count()
}

/// How many certificates in a folder can be found by their hash: 8 hexadecimal digits, a dot, and a
/// number.
fn hashes(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let hashed = names.filter(|entry| is_hash(entry.file_name().as_encoded_bytes()));
    hashed.count()
}

fn is_hash(name: &[u8]) -> bool {
    match name.split_at_checked(8) {
        Some((hash, [b'.', number @ ..])) => {
            hash.iter().all(u8::is_ascii_hexdigit)
                && !number.is_empty()
                && number.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_are_counted() {
        for name in ["002c0b4f.0", "FFFFFFFF.12"] {
            assert!(is_hash(name.as_bytes()), "{name}");
        }
        for name in [
            "",
            "002c0b4f",
            "002c0b4f.",
            "002c0b4f.r0",
            "02c0b4f.0",
            "ca-certificates.crt",
            "002c0b4g.0",
        ] {
            assert!(!is_hash(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_holds_more_than_any_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("all.pem");
        assert_eq!(certificates(&file), usize::MAX);
        let one = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        std::fs::write(&file, one.repeat(3)).unwrap();
        assert_eq!(certificates(&file), 3);
        std::fs::write(folder.path().join("002c0b4f.0"), one).unwrap();
        assert_eq!(hashes(folder.path()), 1);
    }
}
