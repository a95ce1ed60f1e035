//! Every fuzz target: its name is that of the property that it tries to break.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| popget::properties::hold(env!("CARGO_BIN_NAME"), bytes));
