//! Has the linker put together what a usual run executes. The system brings a program into memory by
//! the piece, and without that there is some of it in nearly every piece: a run holds 1.3 MiB less so.

#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::env;
use std::process::Command;

/// What is to lie together.
const ORDER: &str = "packaging/link/order.ld";

fn main() {
    println!("cargo::rerun-if-changed={ORDER}");
    let top = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    // What is built without optimisation is made of other functions.
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") && takes_scripts() {
        println!("cargo::rustc-link-arg-bin=popget=-T{top}/{ORDER}");
    }
}

/// Whether the linker takes a script besides its own: GNU's and LLVM's do.
fn takes_scripts() -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let another = flags.contains("fuse-ld");
    let flags = flags.split('\x1f');
    let mut named = flags.filter_map(|flag| flag.trim_start_matches("-C").strip_prefix("linker="));
    let named = named.next_back().map(Into::into);
    let linker = named.or_else(|| env::var_os("RUSTC_LINKER"));
    let told = Command::new(linker.unwrap_or("cc".into()))
        .arg("-Wl,--version")
        .output();
    let known = |told: &[u8]| told.starts_with(b"GNU ld ") || told.starts_with(b"LLD ");
    !another && told.is_ok_and(|told| known(&told.stdout))
}
