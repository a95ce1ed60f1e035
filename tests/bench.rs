//! The comparison with other programs: what it is made of, and a piece of work done to its end. What came
//! of the time that it took is nobody's business here.

use std::path::Path;
use std::process::Command;

#[path = "bench/main.rs"]
#[allow(dead_code, reason = "a program, which is not started by its main here")]
#[allow(
    clippy::duplicate_mod,
    reason = "it brings the support that it needs alone"
)]
mod program;

/// As `cargo test` and `cargo nextest run` build it, beside popget.
fn bench() -> Command {
    let popget = Path::new(env!("CARGO_BIN_EXE_popget"));
    let bench = popget.with_file_name("examples").join("bench");
    assert!(bench.exists(), "cargo build --example bench");
    Command::new(bench)
}

#[test]
fn the_comparison_can_be_made() {
    if !Path::new("/usr/sbin/dovecot").exists() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let [table, chart] = ["table", "chart"].map(|name| place.path().join(name));
    let output = bench()
        .args(["distant", "--quick", "--repeat", "1", "--only", "mpop"])
        .args(["--memory", "/tmp", "--disk", "/var/tmp"])
        .arg("--table")
        .arg(&table)
        .arg("--chart")
        .arg(&chart)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // It fails if popget or the floor lost or altered a message.
    assert!(output.status.success(), "{said}");
    let table = std::fs::read_to_string(table).unwrap();
    for program in ["popget", "mpop", "floor"] {
        let row = format!("\n| {program} | ");
        let rows: Vec<&str> = table.split(&row).skip(1).collect();
        assert_eq!(rows.len(), 2, "plain and TLS: {table}");
        let whole = |row: &&str| {
            row.lines()
                .next()
                .is_some_and(|row| row.ends_with("| 1 |  |"))
        };
        assert!(rows.iter().all(whole), "{table}");
    }
    let chart = std::fs::read_to_string(chart).unwrap();
    assert!(chart.contains("</svg>"), "{chart}");
}
